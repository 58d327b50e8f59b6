package io.github.asyncmiddleware.benchmarks.server;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes this library out of an application, which keeps everything else.
 */
public final class WithoutMiddleware {

	private static final String PACKAGE = "io.github.asyncmiddleware.autoconfigure.AsyncMiddleware";

	/**
	 * The property that does so, with its value.
	 */
	public static final String PROPERTY = "spring.autoconfigure.exclude="
			+ Stream.of("", "Clock", "Metrics", "Endpoint")
				.map((name) -> PACKAGE + name + "AutoConfiguration")
				.collect(Collectors.joining(","));

	private WithoutMiddleware() {
	}

}
