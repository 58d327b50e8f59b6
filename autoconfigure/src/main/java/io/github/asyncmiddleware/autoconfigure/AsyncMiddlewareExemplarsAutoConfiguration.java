package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.metrics.MiddlewareExemplars;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import io.prometheus.metrics.tracer.common.SpanContext;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.server.WebFilter;

/**
 * Auto-configuration for the traces of requests, and for the exemplars of the meters: the
 * trace of the request that was measured. Comes before Boot's, for which an exemplar
 * belongs to the trace that the current thread is in; which is so for this one too, as
 * long as nothing of ours is recorded.
 */
@AutoConfiguration(before = AsyncMiddlewareMetricsAutoConfiguration.class,
		beforeName = "org.springframework.boot.micrometer.tracing.autoconfigure.prometheus.PrometheusExemplarsAutoConfiguration",
		afterName = "org.springframework.boot.micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration")
@ConditionalOnClass({ WebFilter.class, Tracer.class })
@ConditionalOnWebApplication(type = Type.REACTIVE)
@ConditionalOnBean(Tracer.class)
public final class AsyncMiddlewareExemplarsAutoConfiguration {

	@Bean
	RequestTraces asyncMiddlewareRequestTraces(Tracer tracer) {
		return (tracer != Tracer.NOOP) ? MiddlewareExemplars.traces(() -> tracer) : RequestTraces.NONE;
	}

	/**
	 * Apart, as its condition is a class that may not be there.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ MeterRegistry.class, SpanContext.class })
	@Conditional(OnSampledTraces.class)
	static class PrometheusConfiguration {

		// Later, as the tracer may want to know the registry
		@Bean
		@ConditionalOnMissingBean
		SpanContext asyncMiddlewareSpanContext(ObjectProvider<Tracer> tracer) {
			return MiddlewareExemplars.spanContext(SingletonSupplier.of(tracer::getObject));
		}

	}

	/**
	 * Boot binds the property to an enum, for which each way to write it is good.
	 */
	static class OnSampledTraces extends SpringBootCondition {

		private static final String PROPERTY = "management.tracing.exemplars.include";

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			String value = context.getEnvironment().getProperty(PROPERTY, "sampled-traces");
			boolean sampled = value.replaceAll("[^A-Za-z]", "").equalsIgnoreCase("sampledtraces");
			return new ConditionOutcome(sampled,
					ConditionMessage.forCondition("sampled traces").because(PROPERTY + " is '" + value + "'"));
		}

	}

}
