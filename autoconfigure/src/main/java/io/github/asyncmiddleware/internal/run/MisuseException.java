package io.github.asyncmiddleware.internal.run;

/**
 * A middleware broke the rules of a filter. Which one is said once, in the log of misuse,
 * and not here, since the message can get into a response.
 */
final class MisuseException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception without a stack trace, which would name no middleware.
	 * @param message what was done
	 */
	MisuseException(String message) {
		super(message, null, false, false);
	}

}
