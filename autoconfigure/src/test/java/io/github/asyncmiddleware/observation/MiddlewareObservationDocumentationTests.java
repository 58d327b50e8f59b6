package io.github.asyncmiddleware.observation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import org.junit.jupiter.api.Test;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareObservationDocumentation} and {@code docs/observations.md},
 * which are to say the same as the default convention.
 */
class MiddlewareObservationDocumentationTests {

	private final DefaultMiddlewareObservationConvention convention = new DefaultMiddlewareObservationConvention();

	private final MiddlewareObservationContext context = new MiddlewareObservationContext("auth", false,
			MockServerHttpRequest.get("/").build());

	@Test
	void namesTheKeysOfTheConvention() {
		assertThat(keys(this.convention.getLowCardinalityKeyValues(this.context)))
			.containsExactlyInAnyOrder(keys(MiddlewareObservationDocumentation.MIDDLEWARE.getLowCardinalityKeyNames()));
		assertThat(keys(this.convention.getHighCardinalityKeyValues(this.context))).containsExactlyInAnyOrder(
				keys(MiddlewareObservationDocumentation.MIDDLEWARE.getHighCardinalityKeyNames()));
		assertThat(MiddlewareObservationDocumentation.MIDDLEWARE.getDefaultConvention())
			.isSameAs(DefaultMiddlewareObservationConvention.class);
	}

	@Test
	void isThePage() throws IOException {
		String page = Files.readString(Path.of("../docs/observations.md"));
		assertThat(page).contains("`" + this.convention.getName() + "`");
		for (KeyName key : MiddlewareObservationDocumentation.MIDDLEWARE.getLowCardinalityKeyNames()) {
			assertThat(page).contains("| `" + key.asString() + "` | low |");
		}
		for (KeyName key : MiddlewareObservationDocumentation.MIDDLEWARE.getHighCardinalityKeyNames()) {
			assertThat(page).contains("| `" + key.asString() + "` | high |");
		}
	}

	private static String[] keys(KeyValues values) {
		return values.stream().map(KeyValue::getKey).toArray(String[]::new);
	}

	private static String[] keys(KeyName[] names) {
		return Stream.of(names).map(KeyName::asString).toArray(String[]::new);
	}

}
