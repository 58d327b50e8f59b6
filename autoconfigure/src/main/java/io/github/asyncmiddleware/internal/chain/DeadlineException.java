package io.github.asyncmiddleware.internal.chain;

/**
 * A middleware has used up the time that it has for itself.
 */
public final class DeadlineException extends UnavailableException {

	private static final long serialVersionUID = 1L;

}
