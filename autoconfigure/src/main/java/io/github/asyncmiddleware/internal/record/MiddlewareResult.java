package io.github.asyncmiddleware.internal.record;

/**
 * How the part of one middleware in one request ended.
 */
public enum MiddlewareResult {

	/**
	 * It handed over to the rest of the chain, whatever came of that.
	 */
	PASSED,

	/**
	 * It ended without handing over: the response is its own.
	 */
	ANSWERED,

	/**
	 * An error began in its own code.
	 */
	FAILED,

	/**
	 * It failed and the request went on without what it would have done.
	 */
	FAILED_OPEN,

	/**
	 * It used up the time that it has for itself, and so the request failed.
	 */
	TIMEOUT,

	/**
	 * It used up the time that it has for itself, and the request went on without it.
	 */
	TIMEOUT_OPEN,

	/**
	 * It could not run because too much is going on, and so the request failed.
	 */
	SHED,

	/**
	 * It could not run because too much is going on, and the request went on without it.
	 */
	SHED_OPEN,

	/**
	 * The request ended while it was still at work and had not handed over.
	 */
	CANCELLED,

	/**
	 * It broke the rules of a filter in a way that ended the request.
	 */
	MISUSED;

	/**
	 * Whether the middleware did not do its work: it failed, was out of time, was not run
	 * or broke the rules, whatever became of the request.
	 * @return {@code false} if it passed, answered or was cancelled
	 */
	public boolean isTrouble() {
		return switch (this) {
			case PASSED, ANSWERED, CANCELLED -> false;
			case FAILED, FAILED_OPEN, TIMEOUT, TIMEOUT_OPEN, SHED, SHED_OPEN, MISUSED -> true;
		};
	}

}
