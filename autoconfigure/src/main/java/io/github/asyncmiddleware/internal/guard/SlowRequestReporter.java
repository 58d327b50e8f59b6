package io.github.asyncmiddleware.internal.guard;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Waterfall;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import reactor.util.context.Context;

import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;

/**
 * Logs each request that takes longer than a threshold until its head, or until its end
 * where it has none, with where its time went.
 */
public final class SlowRequestReporter implements RequestListener {

	private static final GuardLog logger = new GuardLog(LogNames.SLOW);

	private final long threshold;

	private final Supplier<RequestTraces> traces;

	/**
	 * Create a reporter.
	 * @param threshold how long a request may take
	 * @param traces supplies what knows the traces of the requests
	 */
	public SlowRequestReporter(Duration threshold, Supplier<RequestTraces> traces) {
		Assert.notNull(traces, "'traces' must not be null");
		// Saturates, where toNanos() throws
		this.threshold = TimeUnit.NANOSECONDS.convert(threshold);
		this.traces = traces;
	}

	@Override
	public void onHead(RequestRecord request) {
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
		if (request.total() > this.threshold) {
			ServerWebExchange exchange = request.exchange();
			logger.warn("slow_request", null, describe(Waterfall.of(request, result), trace(request)),
					(exchange != null) ? new LoggedRequest(exchange, Context.empty()) : null);
		}
	}

	private String trace(RequestRecord request) {
		RequestTraces traces = this.traces.get();
		Object trace = traces.of(request);
		String id = (trace != null) ? traces.id(trace) : null;
		return (id != null) ? ", trace " + id : "";
	}

	private static String describe(Waterfall request, String trace) {
		StringBuilder text = new StringBuilder(request.method()).append(' ').append(request.uri());
		text.append(" took ").append(milliseconds(request.total()));
		text.append((request.status() != 0) ? " until its head, status " + request.status() : " and had no head");
		text.append(", ").append(lowerCase(request.result())).append(trace).append(':');
		for (Waterfall.Step step : request.steps()) {
			text.append(' ').append(step.name()).append(' ').append(milliseconds(step.own()));
			text.append(" (").append(lowerCase(step.result())).append("),");
		}
		return text.append(" app ").append(milliseconds(request.rest())).append('.').toString();
	}

	private static String milliseconds(long nanoseconds) {
		return String.format(Locale.ROOT, "%.3f ms", nanoseconds / 1_000_000.0);
	}

	private static String lowerCase(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT);
	}

}
