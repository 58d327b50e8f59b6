package io.github.asyncmiddleware.internal.chain;

/**
 * A middleware has exceeded its timeout.
 */
public final class DeadlineException extends UnavailableException {

	private static final long serialVersionUID = 1L;

}
