package io.github.asyncmiddleware.internal.guard;

/**
 * The loggers that users configure. Their names are public, as those of properties are,
 * and do not follow the classes that log.
 */
public final class LogNames {

	/**
	 * Middlewares that break the rules of a filter.
	 */
	public static final String MISUSE = "io.github.asyncmiddleware.misuse";

	/**
	 * Middlewares that fail, are out of time or are skipped.
	 */
	public static final String FAILURE = "io.github.asyncmiddleware.failure";

	/**
	 * Code that blocks a thread which serves requests, or keeps requests waiting.
	 */
	public static final String BLOCKING = "io.github.asyncmiddleware.blocking";

	/**
	 * The filter chain at start-up, and what takes part in it.
	 */
	public static final String CHAIN = "io.github.asyncmiddleware.chain";

	/**
	 * Requests over the threshold.
	 */
	public static final String SLOW = "io.github.asyncmiddleware.slow";

	private LogNames() {
	}

}
