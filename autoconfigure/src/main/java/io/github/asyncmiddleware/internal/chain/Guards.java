package io.github.asyncmiddleware.internal.chain;

/**
 * Who watches over the middlewares of a chain.
 *
 * @param misuse who decides about misuse
 * @param failures who is told of failures that are skipped
 */
public record Guards(MisuseGuard misuse, FailureLog failures) {

	/**
	 * Nobody.
	 */
	public static final Guards OFF = new Guards(MisuseGuard.OFF, FailureLog.NONE);

}
