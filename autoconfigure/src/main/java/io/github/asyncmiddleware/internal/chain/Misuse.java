package io.github.asyncmiddleware.internal.chain;

/**
 * The ways in which a middleware can break the rules of a filter.
 */
public enum Misuse {

	/**
	 * It returned {@code null} where a publisher is declared.
	 */
	NULL_RESULT,

	/**
	 * It completed with the response untouched, and the rest of the chain was never run.
	 */
	DROPPED_NEXT,

	/**
	 * It ran the rest of the chain again, though the first run goes on or has succeeded.
	 */
	REPEATED_NEXT,

	/**
	 * It ran the rest of the chain after it had answered.
	 */
	LATE_NEXT,

	/**
	 * It ran the rest of the chain, but completed without waiting for it.
	 */
	UNAWAITED_NEXT

}
