package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.micrometer.tracing.Span;
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
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
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
	@ValueSource(strings = { "sampled-traces", "SAMPLED_TRACES", "sampledTraces" })
	void readsThePropertyAsBootDoes(String value) {
		this.runner.withPropertyValues("management.tracing.exemplars.include=" + value)
			.run((context) -> assertThat(context).getBean(SpanContext.class)
				.extracting((spans) -> spans.getClass().getPackageName())
				.isEqualTo("io.github.asyncmiddleware.metrics"));
	}

	/**
	 * An application that was processed ahead of time can be switched on or off later.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "async-middleware.enabled=false", "async-middleware.metrics.enabled=false" })
	void answersAsThatOfBootIfNothingIsMeasured(String property) {
		this.runner.withPropertyValues(property).run((context) -> {
			Tracer tracer = context.getBean(Tracer.class);
			SpanContext spans = context.getBean(SpanContext.class);
			assertThat(spans.getCurrentTraceId()).isNull();
			Span span = mock(Span.class, RETURNS_DEEP_STUBS);
			given(span.context().traceId()).willReturn("trace");
			given(span.context().spanId()).willReturn("span");
			given(span.context().sampled()).willReturn(true);
			given(tracer.currentSpan()).willReturn(span);
			assertThat(spans.getCurrentTraceId()).isEqualTo("trace");
			assertThat(spans.getCurrentSpanId()).isEqualTo("span");
			assertThat(spans.isCurrentSpanSampled()).isTrue();
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
