package io.github.asyncmiddleware.internal.chain;

/**
 * A middleware could not run because too much is going on.
 */
public final class OverloadException extends UnavailableException {

	private static final long serialVersionUID = 1L;

}
