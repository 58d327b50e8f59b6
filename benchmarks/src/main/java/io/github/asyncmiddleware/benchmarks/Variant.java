package io.github.asyncmiddleware.benchmarks;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.actuate.MiddlewareStatistics;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.internal.watch.RequestWatch;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.metrics.MiddlewareMetrics;
import io.github.asyncmiddleware.metrics.ServerTiming;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.server.WebFilter;

/**
 * One way to run filters, with or without measuring them.
 */
public enum Variant {

	/**
	 * The chain of Spring, filters as most are.
	 */
	BARE("bare `WebFilter`s", BareFilter0000.class, Variant::spring),

	/**
	 * The chain of Spring, filters with a constant name.
	 */
	BARE_NAMED("the same with a constant `toString()`", NamedFilter0000.class, Variant::spring),

	/**
	 * The chain of Spring, each filter with a timer of its own.
	 */
	TIMER_EACH("bare + a hand-written timer each", TimedFilter0000.class, Variant::spring),

	/**
	 * The chain of Spring, each filter with an observation of its own.
	 */
	OBSERVATION_EACH("bare + an observation each", ObservedFilter0000.class, Variant::spring),

	/**
	 * Our chain without listeners and guards.
	 */
	FUSED_ALONE("ours, metrics and guard off", BareFilter0000.class, Variant::alone),

	/**
	 * Our chain without listeners.
	 */
	FUSED("ours, metrics off", BareFilter0000.class, Variant::fused),

	/**
	 * The same with the blocking watch.
	 */
	FUSED_WATCHED("ours, metrics off, blocking watch on", BareFilter0000.class, Variant::watched),

	/**
	 * Our chain, a listener that keeps nothing.
	 */
	FUSED_CLOCK("ours, clock only", BareFilter0000.class, Variant::clocked),

	/**
	 * Our chain, all meters in a simple registry.
	 */
	FUSED_METERED("ours, meters", BareFilter0000.class, Variant::metered),

	/**
	 * Our chain, all meters in a simple registry and the statistics of the endpoint.
	 */
	FUSED_FULL("ours, meters and endpoint", BareFilter0000.class, Variant::full),

	/**
	 * The same with all times in the header {@code Server-Timing}.
	 */
	FUSED_TIMING("ours, meters, endpoint and detailed `Server-Timing`", BareFilter0000.class, Variant::timing),

	/**
	 * Our chain with the clock that a registry has without us.
	 */
	FUSED_SYSTEM_CLOCK("ours, meters and endpoint, `metrics.clock.enabled=false`", BareFilter0000.class,
			Variant::full) {
		@Override
		MeterRegistry registry() {
			return new SimpleMeterRegistry(SimpleConfig.DEFAULT, Clock.SYSTEM);
		}
	},

	/**
	 * Our chain, all meters in a Prometheus registry and the statistics of the endpoint.
	 */
	FUSED_PROMETHEUS("ours, meters for Prometheus and endpoint", BareFilter0000.class, Variant::full) {
		@Override
		MeterRegistry registry() {
			return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new PrometheusRegistry(),
					MiddlewareMetrics.clock());
		}
	},

	/**
	 * Foreign filters that are measured, all meters in a simple registry and the
	 * statistics of the endpoint.
	 */
	FOREIGN_MEASURED("the same bare `WebFilter`s, measured: meters and endpoint", BareFilter0000.class,
			Variant::foreign),

	/**
	 * The chain of Spring, filters that wait for the response with an operator.
	 */
	WAITING("`WebFilter`s with `doFinally`", DoFinallyFilter0000.class, Variant::spring),

	/**
	 * Our chain, filters that wait for the response with an operator.
	 */
	FUSED_WAITING("ours with `doFinally`, meters and endpoint", DoFinallyFilter0000.class, Variant::full),

	/**
	 * Foreign filters that wait for the response with an operator, measured.
	 */
	FOREIGN_MEASURED_WAITING("the same with `doFinally`, measured: meters and endpoint", DoFinallyFilter0000.class,
			Variant::foreign),

	/**
	 * Our chain, functions in await style that pass on.
	 */
	AWAIT_PASS("await style that passes on, meters and endpoint", AwaitPass0000.class, Variant::full),

	/**
	 * Our chain, functions that await the response and return it.
	 */
	AWAIT("await style, meters and endpoint", AwaitFunction0000.class, Variant::full),

	/**
	 * Our chain, methods that run before the rest of the chain, in place.
	 */
	ON_REQUEST("`@OnRequest(blocking = false)`, meters and endpoint", RequestHook0000.class, Variant::full),

	/**
	 * Our chain, asynchronous methods that run before the rest of the chain.
	 */
	ON_REQUEST_MONO("`@OnRequest` that returns a `Mono`, meters and endpoint", MonoHook0000.class, Variant::full),

	/**
	 * Our chain, a concurrent group of methods that run in place.
	 */
	CONCURRENT("`@OnRequest(blocking = false)`, `concurrent`, meters and endpoint", ConcurrentHook0000.class,
			Variant::full),

	/**
	 * Our chain, a concurrent group of asynchronous methods.
	 */
	CONCURRENT_MONO("`@OnRequest` that returns a `Mono`, `concurrent`, meters and endpoint",
			ConcurrentMonoHook0000.class, Variant::full),

	/**
	 * Our chain, methods that run before the head.
	 */
	ON_RESPONSE("`@OnResponse`, meters and endpoint", ResponseHook0000.class, Variant::full);

	private final String label;

	private final Class<?> template;

	private final Assembly assembly;

	Variant(String label, Class<?> template, Assembly assembly) {
		this.label = label;
		this.template = template;
		this.assembly = assembly;
	}

	/**
	 * How reports call it.
	 * @return the label, in Markdown
	 */
	public String label() {
		return this.label;
	}

	/**
	 * Build the handler of an application.
	 * @param count how many filters it has
	 * @return the handler
	 */
	HttpHandler handler(int count) {
		Instruments instruments = Instruments.of(registry());
		return this.assembly.assemble(DistinctFilters.create(this.template, count, instruments), instruments);
	}

	MeterRegistry registry() {
		return new SimpleMeterRegistry(SimpleConfig.DEFAULT, MiddlewareMetrics.clock());
	}

	private static HttpHandler spring(List<?> beans, Instruments instruments) {
		return Chains.ofSpring(beans.stream().map(WebFilter.class::cast).toList(), Chains::hello);
	}

	private static HttpHandler alone(List<?> beans, Instruments instruments) {
		return Chains.fused(Chains.middlewares(beans), Chains::hello, List.of(), MisuseGuard.OFF,
				ThreadActivities.NONE);
	}

	private static HttpHandler fused(List<?> beans, Instruments instruments) {
		return Chains.fused(Chains.middlewares(beans), Chains::hello, List.of());
	}

	private static HttpHandler watched(List<?> beans, Instruments instruments) {
		List<Middleware> middlewares = Chains.middlewares(beans);
		RequestWatch watch = RequestWatch.create(middlewares, List.of(), Duration.ofMillis(100), Duration.ofMinutes(1),
				new ActiveRequests(), Ticker.SYSTEM);
		watch.start();
		return Chains.fused(middlewares, Chains::hello, List.of(), (middleware, misuse, request) -> true,
				watch.activities());
	}

	private static HttpHandler clocked(List<?> beans, Instruments instruments) {
		return Chains.fused(Chains.middlewares(beans), Chains::hello, List.of(new NoopListener()));
	}

	private static HttpHandler metered(List<?> beans, Instruments instruments) {
		List<Middleware> middlewares = Chains.middlewares(beans);
		return Chains.fused(middlewares, Chains::hello, List.of(meters(instruments, middlewares)));
	}

	private static HttpHandler full(List<?> beans, Instruments instruments) {
		List<Middleware> middlewares = Chains.middlewares(beans);
		return Chains.fused(middlewares, Chains::hello,
				List.of(meters(instruments, middlewares), new MiddlewareStatistics(Ticker.SYSTEM)));
	}

	private static HttpHandler timing(List<?> beans, Instruments instruments) {
		List<Middleware> middlewares = Chains.middlewares(beans);
		return Chains.fused(middlewares, Chains::hello,
				List.of(meters(instruments, middlewares), new MiddlewareStatistics(Ticker.SYSTEM)),
				(middleware, misuse, request) -> true, ThreadActivities.NONE, ServerTiming.detailed(middlewares));
	}

	private static HttpHandler foreign(List<?> beans, Instruments instruments) {
		List<ForeignFilter> filters = Chains.foreign(beans);
		RequestListener meters = MiddlewareMetrics.listener(instruments.meters(), List.of(), true, List.of(), null,
				RequestTraces.NONE);
		meters.onMeasured(filters.stream().map(ForeignFilter::measured).toList());
		return Chains.fused(filters, Chains::hello, List.of(meters, new MiddlewareStatistics(Ticker.SYSTEM)));
	}

	private static RequestListener meters(Instruments instruments, List<Middleware> middlewares) {
		return MiddlewareMetrics.listener(instruments.meters(), middlewares, List.of());
	}

	/**
	 * Makes a handler of filters.
	 */
	@FunctionalInterface
	private interface Assembly {

		HttpHandler assemble(List<?> beans, Instruments instruments);

	}

}
