package io.github.asyncmiddleware.metrics;

import io.micrometer.core.instrument.Tags;

/**
 * Adds tags to the meters of a middleware. Every bean of this type is asked.
 * <p>
 * All middlewares get the same tag keys, as some registries insist on that: a middleware
 * for which a key is not given has it with the value {@code none}.
 */
@FunctionalInterface
public interface MiddlewareTags {

	/**
	 * The tags of a middleware. Called once for each, when the application starts, and
	 * for a foreign filter that is measured when a handler is first built with the
	 * filter, which may be later; keys that no middleware was given by then are ignored.
	 * @param middleware the name of the middleware
	 * @return the tags to add, which may be none; {@code middleware}, {@code outcome},
	 * {@code result} and {@code kind} are ignored. If it throws instead, the failure is
	 * logged and the middleware is measured without them
	 */
	Tags tags(String middleware);

}
