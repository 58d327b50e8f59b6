package io.github.asyncmiddleware.actuate;

import io.github.asyncmiddleware.internal.chain.MiddlewareResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Sample}.
 */
class SampleTests {

	private static final int LAST_INDEX = 131070;

	@ParameterizedTest
	@ValueSource(longs = { 0, 1, 1_000_000, DurationHistogram.LONGEST })
	void keepsDurations(long nanoseconds) {
		assertThat(Sample.nanoseconds(Sample.app(nanoseconds))).isEqualTo(nanoseconds);
		assertThat(Sample.nanoseconds(Sample.ttfb(LAST_INDEX, nanoseconds))).isEqualTo(nanoseconds);
		assertThat(Sample.nanoseconds(Sample.own(LAST_INDEX, MiddlewareResult.MISUSED, nanoseconds)))
			.isEqualTo(nanoseconds);
	}

	@Test
	void cutsDurationsThatCannotBe() {
		assertThat(Sample.app(-1)).isEqualTo(Sample.app(0));
		assertThat(Sample.app(Long.MAX_VALUE)).isEqualTo(Sample.app(DurationHistogram.LONGEST));
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 2, 299, 131069, LAST_INDEX })
	void keepsKindAndIndex(int index) {
		long ttfb = Sample.ttfb(index, DurationHistogram.LONGEST);
		long own = Sample.own(index, MiddlewareResult.PASSED, DurationHistogram.LONGEST);
		assertThat(Sample.index(ttfb)).isEqualTo(index);
		assertThat(Sample.index(own)).isEqualTo(index);
		assertThat(Sample.isTtfb(ttfb)).isTrue();
		assertThat(Sample.isTtfb(own)).isFalse();
		assertThat(Sample.isApp(ttfb) || Sample.isApp(own)).isFalse();
		assertThat(Sample.isApp(Sample.app(DurationHistogram.LONGEST))).isTrue();
	}

	@Test
	void keepsResults() {
		for (MiddlewareResult result : MiddlewareResult.values()) {
			assertThat(Sample.result(Sample.own(LAST_INDEX, result, 1))).isEqualTo(result);
		}
	}

	@Test
	void hasRoomForAllResultsThatAreToCome() {
		assertThat(MiddlewareResult.values()).hasSizeLessThanOrEqualTo(16);
	}

	@Test
	void refusesAnIndexThatDoesNotFit() {
		assertThat(Sample.isPossible(LAST_INDEX)).isTrue();
		assertThat(Sample.isPossible(LAST_INDEX + 1)).isFalse();
	}

}
