package io.github.asyncmiddleware.benchmarks.server;

/**
 * One way to wait for {@link Wait#TIME} in three middlewares.
 */
public enum WaitVariant {

	/**
	 * Written by hand, without this library: filters that compose a delay.
	 */
	BARE(WaitConfigurations.Bare.class, WithoutMiddleware.PROPERTY),

	/**
	 * The same filters as middlewares.
	 */
	NATIVE(WaitConfigurations.Native.class),

	/**
	 * Hooks that return a delay, one after the other.
	 */
	SEQUENTIAL(WaitConfigurations.Sequential.class),

	/**
	 * The same hooks at the same time.
	 */
	CONCURRENT(WaitConfigurations.Concurrent.class),

	/**
	 * Hooks that sleep, on virtual threads, as many as there are connections.
	 */
	VIRTUAL_THREADS(WaitConfigurations.Blocking.class, "spring.threads.virtual.enabled=true",
			"async-middleware.blocking.max-concurrent=1000"),

	/**
	 * Hooks that sleep, on virtual threads, as many as may by default.
	 */
	VIRTUAL_THREADS_256(WaitConfigurations.Blocking.class, "spring.threads.virtual.enabled=true"),

	/**
	 * Hooks that sleep, on the pool, as many as may by default.
	 */
	POOL(WaitConfigurations.Blocking.class),

	/**
	 * The mistake: filters that sleep on the event loop, without this library.
	 */
	EVENT_LOOP(WaitConfigurations.EventLoop.class, WithoutMiddleware.PROPERTY);

	private final Class<?> configuration;

	private final String[] properties;

	WaitVariant(Class<?> configuration, String... properties) {
		this.configuration = configuration;
		this.properties = properties;
	}

	Class<?> configuration() {
		return this.configuration;
	}

	String[] properties() {
		return this.properties;
	}

}
