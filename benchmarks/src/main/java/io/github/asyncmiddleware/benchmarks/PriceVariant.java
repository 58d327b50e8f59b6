package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.benchmarks.server.WithoutMiddleware;

/**
 * One way to pass a request on in an application, with or without measuring it.
 */
enum PriceVariant {

	/**
	 * Filters as most are, without this library.
	 */
	BARE(BareFilter0000.class, WithoutMiddleware.PROPERTY),

	/**
	 * Filters with a constant name, without this library.
	 */
	BARE_NAMED(NamedFilter0000.class, WithoutMiddleware.PROPERTY),

	/**
	 * Filters with a timer of their own, without this library.
	 */
	TIMER_EACH(TimedFilter0000.class, WithoutMiddleware.PROPERTY),

	/**
	 * Filters with an observation of their own, without this library.
	 */
	OBSERVATION_EACH(ObservedFilter0000.class, WithoutMiddleware.PROPERTY),

	/**
	 * Middlewares that nobody measures.
	 */
	OURS_OFF(AnnotatedFilter0000.class, "async-middleware.metrics.enabled=false"),

	/**
	 * Middlewares with all meters and the endpoint.
	 */
	OURS(AnnotatedFilter0000.class, PriceVariant.ENDPOINT),

	/**
	 * The same, and the application has a Prometheus registry.
	 */
	OURS_PROMETHEUS(AnnotatedFilter0000.class, PriceVariant.ENDPOINT, PriceVariant.PROMETHEUS + "=true"),

	/**
	 * Hooks before the rest of the chain, all meters and the endpoint.
	 */
	ON_REQUEST(RequestHook0000.class, PriceVariant.ENDPOINT),

	/**
	 * Hooks before the head of the response, all meters and the endpoint.
	 */
	ON_RESPONSE(ResponseHook0000.class, PriceVariant.ENDPOINT),

	/**
	 * Middlewares that await the response, all meters and the endpoint.
	 */
	AWAIT(AwaitFunction0000.class, PriceVariant.ENDPOINT);

	/**
	 * Whether there is a Prometheus registry; a simple one otherwise.
	 */
	static final String PROMETHEUS = "management.prometheus.metrics.export.enabled";

	private static final String ENDPOINT = "management.endpoints.web.exposure.include=health,asyncmiddleware";

	private final Class<?> template;

	private final String[] properties;

	PriceVariant(Class<?> template, String... properties) {
		this.template = template;
		this.properties = properties;
	}

	Class<?> template() {
		return this.template;
	}

	String[] properties() {
		return this.properties;
	}

}
