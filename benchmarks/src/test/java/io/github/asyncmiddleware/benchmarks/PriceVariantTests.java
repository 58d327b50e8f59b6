package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareProperties;
import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareProperties.Misuse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link PriceVariant}, {@link PriceServer} and {@link PriceCheck}, with those
 * variants that are configured in a way of their own.
 */
class PriceVariantTests {

	@ParameterizedTest
	@EnumSource(
			names = { "BARE", "OURS_OFF", "OURS_PROMETHEUS_HISTOGRAM", "OURS_COMPOSITE", "CONCURRENT", "ON_RESPONSE" })
	void isWhatItSays(PriceVariant variant) {
		try (ConfigurableApplicationContext application = PriceServer.runChecked(variant, 2)) {
			assertThat(application.isRunning()).isTrue();
		}
	}

	@Test
	void takesProperties() {
		try (ConfigurableApplicationContext application = PriceServer.runChecked(PriceVariant.OURS, 0,
				"--async-middleware.misuse=warn")) {
			assertThat(application.getBean(AsyncMiddlewareProperties.class).getMisuse()).isEqualTo(Misuse.WARN);
		}
	}

	@Test
	void doesNotPassForAnotherOne() {
		try (ConfigurableApplicationContext application = PriceServer.runChecked(PriceVariant.OURS, 1)) {
			PriceCheck bare = new PriceCheck(application, PriceVariant.BARE);
			assertThatIllegalStateException()
				.isThrownBy(() -> bare.hasMiddlewares(DistinctFilters.types(AnnotatedFilter0000.class, 1)))
				.withMessageStartingWith("This library takes part");
			assertThatIllegalStateException().isThrownBy(() -> bare.isMeasured(1))
				.withMessageStartingWith("The endpoint is there");
			PriceCheck histogram = new PriceCheck(application, PriceVariant.OURS_PROMETHEUS_HISTOGRAM);
			assertThatIllegalStateException().isThrownBy(() -> histogram.isMeasured(1))
				.withMessageStartingWith("The registries are");
			PriceCheck ours = new PriceCheck(application, PriceVariant.OURS);
			assertThatIllegalStateException().isThrownBy(() -> ours.isMeasured(2))
				.withMessageStartingWith("1 timers for 2 middlewares");
			assertThatIllegalStateException()
				.isThrownBy(() -> ours.hasMiddlewares(DistinctFilters.types(AnnotatedFilter0000.class, 2)))
				.withMessageStartingWith("Expected [");
		}
	}

}
