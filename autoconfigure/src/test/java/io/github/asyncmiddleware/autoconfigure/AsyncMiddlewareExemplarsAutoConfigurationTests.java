package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.micrometer.tracing.Tracer;
import io.prometheus.metrics.tracer.common.SpanContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.tracing.autoconfigure.prometheus.PrometheusExemplarsAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link AsyncMiddlewareExemplarsAutoConfiguration}.
 */
class AsyncMiddlewareExemplarsAutoConfigurationTests {

	private final ReactiveWebApplicationContextRunner bareRunner = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMiddlewareExemplarsAutoConfiguration.class,
				PrometheusExemplarsAutoConfiguration.class));

	private final ReactiveWebApplicationContextRunner runner = this.bareRunner.withBean(Tracer.class,
			() -> mock(Tracer.class));

	@Test
	void comesBeforeBoot() {
		this.runner.run((context) -> {
			assertThat(context).getBean(SpanContext.class)
				.extracting((spans) -> spans.getClass().getSimpleName())
				.isEqualTo("MeasuredSpanContext");
			assertThat(context).hasSingleBean(RequestTraces.class);
		});
	}

	@Test
	void leavesTheSpanContextOfTheApplication() {
		SpanContext own = mock(SpanContext.class);
		this.runner.withBean(SpanContext.class, () -> own)
			.run((context) -> assertThat(context).getBean(SpanContext.class).isSameAs(own));
	}

	@Test
	void leavesExemplarsOffWhereTheyAre() {
		assumeThat(SpringBootVersion.getVersion()).as("has the property").doesNotStartWith("4.0.");
		this.runner.withPropertyValues("management.tracing.exemplars.include=none")
			.run((context) -> assertThat(context).doesNotHaveBean(SpanContext.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "async-middleware.enabled=false", "async-middleware.metrics.enabled=false" })
	void leavesThoseOfBootIfNothingIsMeasured(String property) {
		this.runner.withPropertyValues(property).run((context) -> {
			assertThat(context).getBean(SpanContext.class)
				.extracting((spans) -> spans.getClass().getSimpleName())
				.isEqualTo("LazyTracingSpanContext");
			assertThat(context.getBeansOfType(RequestTraces.class)).as("for the endpoint")
				.hasSize(property.contains("metrics") ? 1 : 0);
		});
	}

	@Test
	void needsATracer() {
		this.bareRunner.run((context) -> assertThat(context).doesNotHaveBean(SpanContext.class)
			.doesNotHaveBean(RequestTraces.class));
		this.bareRunner.withBean(Tracer.class, () -> Tracer.NOOP)
			.run((context) -> assertThat(context).getBean(RequestTraces.class).isSameAs(RequestTraces.NONE));
	}

	@Test
	void needsNeitherTracingNorPrometheus() {
		this.bareRunner.withClassLoader(new FilteredClassLoader("io.micrometer.tracing"))
			.run((context) -> assertThat(context).hasNotFailed());
		this.runner.withClassLoader(new FilteredClassLoader("io.prometheus"))
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(RequestTraces.class));
	}

}
