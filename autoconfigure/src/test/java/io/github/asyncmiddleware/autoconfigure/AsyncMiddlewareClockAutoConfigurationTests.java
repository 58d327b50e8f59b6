package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.metrics.MiddlewareMetrics;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareClockAutoConfiguration}.
 */
class AsyncMiddlewareClockAutoConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(
			AsyncMiddlewareClockAutoConfiguration.class, MetricsAutoConfiguration.class,
			CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class);

	private final ReactiveWebApplicationContextRunner runner = new ReactiveWebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS);

	@Test
	void isTheClockOfTheRegistry() {
		this.runner.run((context) -> {
			Clock clock = context.getBean(Clock.class);
			assertThat(clock).isExactlyInstanceOf(MiddlewareMetrics.clock().getClass());
			assertThat(context.getBean(MeterRegistry.class).config().clock()).isSameAs(clock);
		});
	}

	@Test
	void leavesTheClockOfTheApplication() {
		this.runner.withBean(MockClock.class)
			.run((context) -> assertThat(context).getBean(Clock.class).isInstanceOf(MockClock.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "async-middleware.enabled=false", "async-middleware.metrics.enabled=false",
			"async-middleware.metrics.clock.enabled=false" })
	void isTheClockOfBootIfItIsNotWanted(String property) {
		this.runner.withPropertyValues(property)
			.run((context) -> assertThat(context.getBean(MeterRegistry.class).config().clock())
				.isSameAs(context.getBean(Clock.class))
				.isSameAs(Clock.SYSTEM));
	}

	@Test
	void leavesTheClockOfBootWithoutWebFlux() {
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.run((context) -> assertThat(context).getBean(Clock.class).isSameAs(Clock.SYSTEM));
	}

	@Test
	void needsNoMicrometer() {
		this.runner.withClassLoader(new FilteredClassLoader(MeterRegistry.class.getPackageName()))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("asyncMiddlewareClock"));
	}

}
