package io.github.asyncmiddleware.metrics;

import java.util.function.Supplier;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.prometheus.metrics.tracer.common.SpanContext;
import org.jspecify.annotations.Nullable;

/**
 * Tells Prometheus which trace an exemplar belongs to: that of the request which was
 * measured, while samples of requests are recorded; else that of the current thread.
 */
final class MeasuredSpanContext implements SpanContext {

	private final Supplier<Tracer> tracer;

	MeasuredSpanContext(Supplier<Tracer> tracer) {
		this.tracer = tracer;
	}

	@Override
	public @Nullable String getCurrentTraceId() {
		Span span = span();
		return (span != null) ? span.context().traceId() : null;
	}

	@Override
	public @Nullable String getCurrentSpanId() {
		Span span = span();
		return (span != null) ? span.context().spanId() : null;
	}

	@Override
	public boolean isCurrentSpanSampled() {
		Span span = span();
		return span != null && TracerRequestTraces.isSampled(span);
	}

	@Override
	public void markCurrentSpanAsExemplar() {
	}

	private @Nullable Span span() {
		MeasuredTrace measured = MeasuredTrace.current();
		if (measured == null) {
			return this.tracer.get().currentSpan();
		}
		return (measured.trace() instanceof Span span) ? span : null;
	}

}
