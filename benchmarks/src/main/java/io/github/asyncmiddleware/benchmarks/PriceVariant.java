package io.github.asyncmiddleware.benchmarks;

import java.util.List;

import io.github.asyncmiddleware.benchmarks.server.WithoutMiddleware;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.logging.LoggingMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/**
 * One way to pass a request on in an application, with or without measuring it: a class
 * to copy, the registries that meters go to, and properties. What can be switched by a
 * property needs no variant to be measured, as {@code benchmarks/server} takes properties
 * too; those here are in its tables.
 */
enum PriceVariant {

	/**
	 * Filters as most are, without this library.
	 */
	BARE(BareFilter0000.class, Registries.SIMPLE, WithoutMiddleware.PROPERTY),

	/**
	 * Filters with a constant name, without this library.
	 */
	BARE_NAMED(NamedFilter0000.class, Registries.SIMPLE, WithoutMiddleware.PROPERTY),

	/**
	 * Filters with a timer of their own, without this library.
	 */
	TIMER_EACH(TimedFilter0000.class, Registries.SIMPLE, WithoutMiddleware.PROPERTY),

	/**
	 * Filters with an observation of their own, without this library.
	 */
	OBSERVATION_EACH(ObservedFilter0000.class, Registries.SIMPLE, WithoutMiddleware.PROPERTY),

	/**
	 * Middlewares that are not measured.
	 */
	OURS_OFF(AnnotatedFilter0000.class, Registries.SIMPLE, PriceVariant.METERS + "=false"),

	/**
	 * Middlewares with all meters and the endpoint.
	 */
	OURS(AnnotatedFilter0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * The same without guards.
	 */
	OURS_UNGUARDED(AnnotatedFilter0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT, "async-middleware.misuse=off"),

	/**
	 * The same as {@link #OURS}, without the blocking watch.
	 */
	OURS_UNWATCHED(AnnotatedFilter0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT,
			"async-middleware.blocking-watch.enabled=false"),

	/**
	 * The same as {@link #OURS}, and the client is told.
	 */
	OURS_SERVER_TIMING(AnnotatedFilter0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT,
			"async-middleware.server-timing=detailed"),

	/**
	 * The same as {@link #OURS}, for Prometheus.
	 */
	OURS_PROMETHEUS(AnnotatedFilter0000.class, Registries.PROMETHEUS, PriceVariant.ENDPOINT),

	/**
	 * The same, with histograms for quantiles and buckets for objectives.
	 */
	OURS_PROMETHEUS_HISTOGRAM(AnnotatedFilter0000.class, Registries.PROMETHEUS, PriceVariant.ENDPOINT,
			PriceVariant.HISTOGRAM + "=true",
			"management.metrics.distribution.slo[async.middleware]=1ms,10ms,100ms,1s"),

	/**
	 * The same as {@link #OURS}, for three registries.
	 */
	OURS_COMPOSITE(AnnotatedFilter0000.class, Registries.COMPOSITE, PriceVariant.ENDPOINT),

	/**
	 * Hooks before the rest of the chain, all meters and the endpoint.
	 */
	ON_REQUEST(RequestHook0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * Asynchronous hooks before the rest of the chain, all meters and the endpoint.
	 */
	ON_REQUEST_MONO(MonoHook0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * A concurrent group of hooks, all meters and the endpoint.
	 */
	CONCURRENT(ConcurrentHook0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * A concurrent group of asynchronous hooks, all meters and the endpoint.
	 */
	CONCURRENT_MONO(ConcurrentMonoHook0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * Hooks before the head of the response, all meters and the endpoint.
	 */
	ON_RESPONSE(ResponseHook0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * Middlewares in await style that pass on, all meters and the endpoint.
	 */
	AWAIT_PASS(AwaitPass0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT),

	/**
	 * Middlewares that await the response, all meters and the endpoint.
	 */
	AWAIT(AwaitFunction0000.class, Registries.SIMPLE, PriceVariant.ENDPOINT);

	/**
	 * Whether our meters have histograms.
	 */
	static final String HISTOGRAM = "management.metrics.distribution.percentiles-histogram[async.middleware]";

	private static final String METERS = "async-middleware.metrics.enabled";

	private static final String ENDPOINT = "management.endpoints.web.exposure.include=health,asyncmiddleware";

	private final Class<?> template;

	private final Registries registries;

	private final List<String> properties;

	PriceVariant(Class<?> template, Registries registries, String... properties) {
		this.template = template;
		this.registries = registries;
		this.properties = List.of(properties);
	}

	Class<?> template() {
		return this.template;
	}

	Registries registries() {
		return this.registries;
	}

	List<String> properties() {
		return this.properties;
	}

	/**
	 * Whether this library takes part.
	 */
	boolean isOurs() {
		return !this.properties.contains(WithoutMiddleware.PROPERTY);
	}

	boolean isMetered() {
		return isOurs() && !this.properties.contains(METERS + "=false");
	}

	boolean hasEndpoint() {
		return this.properties.contains(ENDPOINT);
	}

	boolean hasHistograms() {
		return this.properties.contains(HISTOGRAM + "=true");
	}

	/**
	 * Where the meters of an application go.
	 */
	enum Registries {

		/**
		 * To what an application has that configures nothing.
		 */
		SIMPLE(List.of(SimpleMeterRegistry.class)),

		/**
		 * To what Prometheus reads.
		 */
		PROMETHEUS(List.of(PrometheusMeterRegistry.class)),

		/**
		 * To three at once, with all three ways to keep a timer: for Prometheus, since
		 * the start, and per step, as registries do that push.
		 */
		COMPOSITE(List.of(PrometheusMeterRegistry.class, SimpleMeterRegistry.class, LoggingMeterRegistry.class));

		private final List<Class<? extends MeterRegistry>> types;

		Registries(List<Class<? extends MeterRegistry>> types) {
			this.types = types;
		}

		List<Class<? extends MeterRegistry>> types() {
			return this.types;
		}

	}

}
