package io.github.asyncmiddleware.metrics;

import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingObservationHandler.TracingContext;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.web.server.ServerWebExchange;

/**
 * Finds the trace of a request where Spring has put it: in the observation of the
 * request, an attribute of the exchange. What the thread is in does not matter.
 */
final class TracerRequestTraces implements RequestTraces {

	private final Supplier<Tracer> tracer;

	TracerRequestTraces(Supplier<Tracer> tracer) {
		this.tracer = tracer;
	}

	@Override
	public @Nullable Object of(RequestRecord request) {
		ServerWebExchange exchange = request.exchange();
		Object observed = (exchange != null)
				? exchange.getAttribute(ServerRequestObservationContext.CURRENT_OBSERVATION_CONTEXT_ATTRIBUTE) : null;
		TracingContext tracing = (observed instanceof ServerRequestObservationContext context)
				? context.get(TracingContext.class) : null;
		return (tracing != null) ? tracing.getSpan() : null;
	}

	@Override
	public @Nullable String id(Object trace) {
		return (trace instanceof Span span && isSampled(span)) ? span.context().traceId() : null;
	}

	static boolean isSampled(Span span) {
		return Boolean.TRUE.equals(span.context().sampled());
	}

	@Override
	public Aside stepAside() {
		Tracer.SpanInScope none = this.tracer.get().withSpan(null);
		return none::close;
	}

}
