package io.github.asyncmiddleware.benchmarks.server;

import java.util.stream.Collectors;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;

/**
 * Takes this library out of an application, which keeps everything else.
 */
public final class WithoutMiddleware {

	private static final String PACKAGE = "io.github.asyncmiddleware.";

	/**
	 * The property that does so, with its value.
	 */
	public static final String PROPERTY = "spring.autoconfigure.exclude="
			+ ImportCandidates.load(AutoConfiguration.class, WithoutMiddleware.class.getClassLoader())
				.getCandidates()
				.stream()
				.filter((name) -> name.startsWith(PACKAGE))
				.collect(Collectors.joining(","));

	private WithoutMiddleware() {
	}

}
