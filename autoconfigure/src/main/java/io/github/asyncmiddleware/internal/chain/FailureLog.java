package io.github.asyncmiddleware.internal.chain;

/**
 * Is told of failures that the response does not tell of.
 */
@FunctionalInterface
public interface FailureLog {

	/**
	 * Keeps nothing.
	 */
	FailureLog NONE = (middleware, part, failure) -> {
	};

	/**
	 * A middleware has failed and the request goes on without it.
	 * @param middleware the middleware
	 * @param part which part of it
	 * @param failure what it failed with
	 */
	void skipped(Middleware middleware, Part part, Throwable failure);

	/**
	 * As {@link #skipped(Middleware, Part, Throwable)}, for a request that is known.
	 * @param middleware the middleware
	 * @param part which part of it
	 * @param failure what it failed with
	 * @param request the request
	 */
	default void skipped(Middleware middleware, Part part, Throwable failure, LoggedRequest request) {
		skipped(middleware, part, failure);
	}

	/**
	 * A middleware could not do its work, and so the request has failed.
	 * @param middleware the middleware
	 * @param failure what it has failed with
	 */
	default void unavailable(Middleware middleware, UnavailableException failure) {
	}

	/**
	 * As {@link #unavailable(Middleware, UnavailableException)}, for a request that is
	 * known.
	 * @param middleware the middleware
	 * @param failure what it has failed with
	 * @param request the request
	 */
	default void unavailable(Middleware middleware, UnavailableException failure, LoggedRequest request) {
		unavailable(middleware, failure);
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
