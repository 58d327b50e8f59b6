package io.github.asyncmiddleware.internal.record;

import java.util.Locale;

import org.junit.jupiter.api.Test;

import org.springframework.http.HttpStatus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Outcome}.
 */
class OutcomeTests {

	@Test
	void knowsEveryRegisteredStatus() {
		for (HttpStatus status : HttpStatus.values()) {
			String series = status.series().name().toUpperCase(Locale.ROOT).replace("SUCCESSFUL", "SUCCESS");
			assertThat(Outcome.of(status.value())).hasToString(series);
		}
	}

	@Test
	void takesAnySuccessForOne() {
		assertThat(Outcome.of(299)).isEqualTo(Outcome.SUCCESS);
	}

	@Test
	void knowsNothingAboutOthers() {
		for (int status : new int[] { Integer.MIN_VALUE, -1, 0, 99, 199, 399, 499, 599, 600, 999, Integer.MAX_VALUE }) {
			assertThat(Outcome.of(status)).isEqualTo(Outcome.UNKNOWN);
		}
	}

}
