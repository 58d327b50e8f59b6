package io.github.asyncmiddleware.internal.chain;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/**
 * A middleware could not run because too much is going on. Says nothing about itself: the
 * message can get into a response.
 */
public final class OverloadException extends ResponseStatusException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 */
	public OverloadException() {
		super(HttpStatus.SERVICE_UNAVAILABLE);
	}

	/**
	 * Without a stack trace: there can be many, and all come from the same place.
	 */
	@Override
	public synchronized Throwable fillInStackTrace() {
		return this;
	}

}
