package io.github.asyncmiddleware.internal.run;

/**
 * A middleware broke the rules of a filter. Which one is said once, in the log of misuse,
 * and not here, since the message can get into a response.
 */
final class MisuseException extends IllegalStateException {

	private static final long serialVersionUID = 1L;

	MisuseException(String message) {
		super(message);
	}

	/**
	 * Without a stack trace: it would name no middleware.
	 */
	@Override
	public synchronized Throwable fillInStackTrace() {
		return this;
	}

}
