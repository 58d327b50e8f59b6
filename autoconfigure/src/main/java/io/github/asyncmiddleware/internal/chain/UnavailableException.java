package io.github.asyncmiddleware.internal.chain;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/**
 * A middleware could not do its work, through no fault of the request. Says nothing about
 * itself: the message can get into a response.
 */
public abstract sealed class UnavailableException extends ResponseStatusException
		permits OverloadException, DeadlineException {

	private static final long serialVersionUID = 1L;

	UnavailableException() {
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
