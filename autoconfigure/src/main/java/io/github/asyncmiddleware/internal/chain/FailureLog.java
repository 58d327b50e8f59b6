package io.github.asyncmiddleware.internal.chain;

/**
 * Is told of failures that do not reach the response.
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
