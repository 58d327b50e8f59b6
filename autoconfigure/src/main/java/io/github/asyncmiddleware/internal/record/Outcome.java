package io.github.asyncmiddleware.internal.record;

import org.springframework.http.HttpStatus;

/**
 * What a status means, as the tag {@code outcome} of {@code http.server.requests} has it.
 */
public enum Outcome {

	/**
	 * A status of 1xx.
	 */
	INFORMATIONAL,

	/**
	 * A status of 2xx.
	 */
	SUCCESS,

	/**
	 * A status of 3xx.
	 */
	REDIRECTION,

	/**
	 * A status of 4xx.
	 */
	CLIENT_ERROR,

	/**
	 * A status of 5xx.
	 */
	SERVER_ERROR,

	/**
	 * Any other status.
	 */
	UNKNOWN;

	private static final Outcome[] BY_STATUS = new Outcome[600];

	static {
		for (int status = 0; status < BY_STATUS.length; status++) {
			BY_STATUS[status] = find(status);
		}
	}

	/**
	 * The outcome that a status stands for.
	 * @param status the status code
	 * @return the outcome, {@link #UNKNOWN} for a code that is not registered, unless it
	 * is one of success
	 */
	public static Outcome of(int status) {
		return (status >= 0 && status < BY_STATUS.length) ? BY_STATUS[status] : UNKNOWN;
	}

	private static Outcome find(int status) {
		HttpStatus.Series series = HttpStatus.Series.resolve(status);
		if (series == null || (series != HttpStatus.Series.SUCCESSFUL && HttpStatus.resolve(status) == null)) {
			return UNKNOWN;
		}
		return switch (series) {
			case INFORMATIONAL -> INFORMATIONAL;
			case SUCCESSFUL -> SUCCESS;
			case REDIRECTION -> REDIRECTION;
			case CLIENT_ERROR -> CLIENT_ERROR;
			case SERVER_ERROR -> SERVER_ERROR;
		};
	}

}
