package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;

/**
 * Is told of failures that the response does not tell of.
 */
@FunctionalInterface
public interface FailureLog {

	/**
	 * Keeps nothing.
	 */
	FailureLog NONE = (middleware, part, failure, request) -> {
	};

	/**
	 * A middleware has failed and the request goes on without it.
	 * @param middleware the middleware
	 * @param part which part of it
	 * @param failure what it failed with
	 * @param request the request, for the log; {@code null} if it is not known
	 */
	void skipped(Middleware middleware, Part part, Throwable failure, @Nullable LoggedRequest request);

	/**
	 * A middleware could not do its work, and so the request has failed.
	 * @param middleware the middleware
	 * @param failure what it has failed with
	 * @param request the request, for the log; {@code null} if it is not known
	 */
	default void unavailable(Middleware middleware, UnavailableException failure, @Nullable LoggedRequest request) {
	}

	/**
	 * The part of a middleware before the head has failed where no engine runs it, and
	 * the response goes out without it.
	 * @param middleware the middleware, for people
	 * @param failure what it failed with
	 * @param request the request, for the log
	 */
	default void responseHookFailed(String middleware, Throwable failure, LoggedRequest request) {
	}

	/**
	 * The parts of a middleware.
	 */
	enum Part {

		/**
		 * What it does before the rest of the chain.
		 */
		REQUEST,

		/**
		 * What it does before the head.
		 */
		RESPONSE

	}

}
