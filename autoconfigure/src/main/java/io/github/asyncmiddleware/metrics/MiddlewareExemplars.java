package io.github.asyncmiddleware.metrics;

import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.micrometer.tracing.Tracer;
import io.prometheus.metrics.tracer.common.SpanContext;

import org.springframework.util.Assert;

/**
 * Connects the meters to tracing, so that an exemplar names the trace of the request that
 * was measured, or none. The auto-configuration does that; applications have no need to,
 * unless they create their meter registry themselves.
 */
public final class MiddlewareExemplars {

	private MiddlewareExemplars() {
	}

	/**
	 * Create what tells a Prometheus registry which trace an exemplar belongs to. While
	 * samples of middlewares are recorded, which happens later and on the threads of
	 * other requests, that is the trace of the request that was measured; else that of
	 * the current thread.
	 * @param tracer supplies the tracer of the application, asked when there are samples
	 * @return what to create the registry with
	 */
	public static SpanContext spanContext(Supplier<Tracer> tracer) {
		Assert.notNull(tracer, "'tracer' must not be null");
		return new MeasuredSpanContext(tracer);
	}

	/**
	 * Create what finds the traces of requests.
	 * @param tracer supplies the tracer of the application, asked when there are samples
	 * @return the traces of requests that are observed
	 */
	public static RequestTraces traces(Supplier<Tracer> tracer) {
		Assert.notNull(tracer, "'tracer' must not be null");
		return new TracerRequestTraces(tracer);
	}

}
