package io.github.asyncmiddleware.internal.chain;

/**
 * How a middleware is written.
 */
public enum Style {

	/**
	 * As a {@code WebFilter}.
	 */
	NATIVE,

	/**
	 * As a {@code HandlerFilterFunction}.
	 */
	AWAIT,

	/**
	 * With methods that run before the rest of the chain or before the head.
	 */
	HOOKS,

	/**
	 * As a {@code WebFilter} that is no middleware: it is measured and never judged.
	 */
	FOREIGN

}
