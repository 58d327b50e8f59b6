package io.github.asyncmiddleware.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.internal.sample.Sample;
import io.github.asyncmiddleware.internal.sample.SampleListener;
import io.github.asyncmiddleware.internal.sample.SampleTraces;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Records times and results of requests with Micrometer.
 * <p>
 * The meters of a middleware stand in arrays, so that nothing is looked up or allocated
 * for it while a request runs.
 */
final class MicrometerRequestListener implements SampleListener, AutoCloseable {

	private static final Log logger = LogFactory.getLog(MicrometerRequestListener.class);

	private final GuardedRegistry registry;

	private final RequestTraces traces;

	private final ContributedTags contributed;

	private final @Nullable ActiveRequests active;

	/** By the index of the middleware. Replaced by a longer one, never changed. */
	private volatile @Nullable MiddlewareMeters[] middlewares = new MiddlewareMeters[0];

	private final MeterSlots<Timer> app;

	private final MeterSlots<Counter> requests;

	private final RequestTimers requestTtfb;

	/** Of the rest of the application; the middlewares have their own. */
	private final MeterSlots<Timer> blocked;

	/**
	 * Create a listener and register the meters that every application needs.
	 * @param registry where to record
	 * @param middlewares the middlewares there are
	 * @param contributors the contributors of tags
	 * @param active how many requests wait for which middleware, or {@code null} if they
	 * are not counted
	 * @param traces knows the traces of the requests
	 */
	MicrometerRequestListener(GuardedRegistry registry, List<Middleware> middlewares, List<MiddlewareTags> contributors,
			@Nullable ActiveRequests active, RequestTraces traces) {
		this.registry = registry;
		this.traces = traces;
		this.contributed = new ContributedTags(contributors);
		this.active = active;
		this.blocked = new MeterSlots<>(1, (only) -> registry.timer(AsyncMiddlewareMeters.BLOCKED,
				this.contributed.missing().and("middleware", "app")));
		this.app = new MeterSlots<>(Outcome.values().length,
				(outcome) -> registry.timer(AsyncMiddlewareMeters.APP, MiddlewareMeters.outcome(outcome)));
		this.requests = new MeterSlots<>(RequestResult.values().length, (result) -> registry
			.counter(AsyncMiddlewareMeters.REQUESTS, MiddlewareMeters.result(RequestResult.values()[result])));
		this.requestTtfb = new RequestTimers(registry);
		if (!middlewares.isEmpty()) {
			register(middlewares);
		}
	}

	@Override
	public void onMeasured(List<Middleware> filters) {
		register(filters);
	}

	private synchronized void register(List<Middleware> middlewares) {
		int size = middlewares.stream().mapToInt(Middleware::index).max().orElse(-1) + 1;
		@Nullable MiddlewareMeters[] meters = Arrays.copyOf(this.middlewares, Math.max(this.middlewares.length, size));
		List<Tags> contributed = this.contributed.of(middlewares);
		for (int i = 0; i < middlewares.size(); i++) {
			Middleware middleware = middlewares.get(i);
			Tags tags = contributed.get(i).and("middleware", middleware.name());
			meters[middleware.index()] = new MiddlewareMeters(this.registry, tags, CommonResults.of(middleware));
			registerActive(middleware, tags);
		}
		this.middlewares = meters;
		this.app.get(Outcome.SUCCESS.ordinal());
		this.requests.registerAll();
		this.blocked.registerAll();
	}

	private void registerActive(Middleware middleware, Tags tags) {
		ActiveRequests active = this.active;
		if (active != null) {
			this.registry.gauge(AsyncMiddlewareMeters.ACTIVE, tags, () -> active.count(middleware));
			this.registry.timeGauge(AsyncMiddlewareMeters.ACTIVE_OLDEST, tags, () -> active.oldest(middleware));
		}
	}

	@Override
	public void close() {
		this.registry.close();
	}

	@Override
	public RequestTraces traces() {
		return this.traces;
	}

	@Override
	public void onSamples(long[] samples, int from, int to, long time) {
		this.registry.beginBatch();
		try {
			record(samples, null, null, from, to);
		}
		finally {
			this.registry.endBatch();
		}
	}

	@Override
	public void onSamples(long[] samples, SampleTraces traces, int from, int to, long time) {
		if (this.traces == RequestTraces.NONE) {
			onSamples(samples, from, to, time);
			return;
		}
		MeasuredTrace measured = MeasuredTrace.begin(null);
		RequestTraces.Aside aside = stepAside();
		this.registry.beginBatch();
		try {
			record(samples, traces, measured, from, to);
		}
		finally {
			this.registry.endBatch();
			leave(aside);
		}
	}

	/**
	 * For registries that ask the tracer for the trace that the thread is in.
	 */
	private RequestTraces.Aside stepAside() {
		try {
			return this.traces.stepAside();
		}
		catch (RuntimeException | LinkageError ex) {
			logger.debug("Could not leave the trace of the thread", ex);
			return RequestTraces.Aside.NOWHERE;
		}
	}

	private static void leave(RequestTraces.Aside aside) {
		try {
			aside.close();
		}
		finally {
			MeasuredTrace.end();
		}
	}

	private void record(long[] samples, @Nullable SampleTraces traces, @Nullable MeasuredTrace measured, int from,
			int to) {
		for (int i = from; i < to; i++) {
			long sample = samples[i];
			long nanoseconds = Sample.nanoseconds(sample);
			switch (Sample.kind(sample)) {
				case APP -> this.registry.record(AsyncMiddlewareMeters.APP,
						this.app.get(Sample.outcome(sample).ordinal()), nanoseconds);
				case TTFB -> {
					MiddlewareMeters meters = metersOf(Sample.index(sample));
					if (meters != null) {
						this.registry.record(AsyncMiddlewareMeters.TTFB,
								meters.ttfb.get(Sample.outcome(sample).ordinal()), nanoseconds);
					}
				}
				case OWN -> {
					MiddlewareMeters meters = metersOf(Sample.index(sample));
					if (meters != null) {
						this.registry.record(AsyncMiddlewareMeters.OWN, meters.own.get(Sample.result(sample).ordinal()),
								nanoseconds);
					}
				}
				case TRACE -> {
					if (traces != null && measured != null) {
						measured.trace(traces.get(sample));
					}
				}
			}
		}
	}

	@Override
	public void onHead(RequestRecord request) {
		Timer timer = this.requestTtfb.get(request.request().getMethod(), request.exchange(), request.status());
		RequestTraces.Aside aside = beginRecording(request);
		try {
			this.registry.record(AsyncMiddlewareMeters.REQUEST_TTFB, timer, request.ttfb());
		}
		finally {
			endRecording(aside);
		}
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
		RequestTraces.Aside aside = beginRecording(request);
		try {
			this.registry.increment(AsyncMiddlewareMeters.REQUESTS, this.requests.get(result.ordinal()));
		}
		finally {
			endRecording(aside);
		}
	}

	/**
	 * The thread can be in another trace, as where one request lets another one go on.
	 */
	private RequestTraces.Aside beginRecording(RequestRecord request) {
		if (this.traces == RequestTraces.NONE) {
			return RequestTraces.Aside.NOWHERE;
		}
		MeasuredTrace.begin(this.traces.of(request));
		return stepAside();
	}

	private void endRecording(RequestTraces.Aside aside) {
		if (this.traces != RequestTraces.NONE) {
			leave(aside);
		}
	}

	@Override
	public void onMisuse(Middleware middleware, Misuse misuse) {
		MiddlewareMeters meters = metersOf(middleware.index());
		if (meters != null) {
			this.registry.increment(AsyncMiddlewareMeters.MISUSE, meters.misuse.get(misuse.ordinal()));
		}
	}

	@Override
	public void onBlockedFurther(@Nullable Middleware middleware, long nanoseconds) {
		onBlocked(middleware, nanoseconds);
	}

	@Override
	public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
		MiddlewareMeters meters = (middleware != null) ? metersOf(middleware.index()) : null;
		MeterSlots<Timer> blocked = (meters != null) ? meters.blocked : this.blocked;
		this.registry.record(AsyncMiddlewareMeters.BLOCKED, blocked.get(0), nanoseconds);
	}

	private @Nullable MiddlewareMeters metersOf(int index) {
		@Nullable MiddlewareMeters[] middlewares = this.middlewares;
		return (index < middlewares.length) ? middlewares[index] : null;
	}

	/**
	 * The meters of one middleware.
	 */
	private static final class MiddlewareMeters {

		private final MeterSlots<Timer> ttfb;

		private final MeterSlots<Timer> own;

		private final MeterSlots<Counter> misuse;

		private final MeterSlots<Timer> blocked;

		MiddlewareMeters(GuardedRegistry registry, Tags tags, Set<MiddlewareResult> common) {
			this.ttfb = new MeterSlots<>(Outcome.values().length,
					(outcome) -> registry.timer(AsyncMiddlewareMeters.TTFB, tags.and(outcome(outcome))));
			this.own = new MeterSlots<>(MiddlewareResult.values().length, (result) -> registry
				.timer(AsyncMiddlewareMeters.OWN, tags.and(result(MiddlewareResult.values()[result]))));
			this.misuse = new MeterSlots<>(Misuse.values().length,
					(kind) -> registry.counter(AsyncMiddlewareMeters.MISUSE, tags.and(kind(Misuse.values()[kind]))));
			this.blocked = new MeterSlots<>(1, (only) -> registry.timer(AsyncMiddlewareMeters.BLOCKED, tags));
			this.ttfb.get(Outcome.SUCCESS.ordinal());
			common.forEach((result) -> this.own.get(result.ordinal()));
			this.misuse.registerAll();
			this.blocked.registerAll();
		}

		private static Tags outcome(int outcome) {
			return Tags.of("outcome", Outcome.values()[outcome].name());
		}

		private static Tags kind(Misuse misuse) {
			return Tags.of("kind", misuse.name().toLowerCase(Locale.ROOT));
		}

		private static Tags result(Enum<?> result) {
			return Tags.of("result", result.name().toLowerCase(Locale.ROOT));
		}

	}

}
