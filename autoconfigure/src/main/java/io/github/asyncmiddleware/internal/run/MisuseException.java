package io.github.asyncmiddleware.internal.run;

/**
 * A middleware broke the rules of a filter. Which one is said once, in the log of misuse,
 * and not here, since the message can get into a response.
 */
final class MisuseException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String place;

	/**
	 * Create an exception without a stack trace, which would name no middleware.
	 * @param message what was done
	 * @param place which method of which class has done it, or which middleware
	 */
	MisuseException(String message, String place) {
		super(message, null, false, false);
		this.place = place;
	}

	/**
	 * What a log prints of it, on one line.
	 */
	@Override
	public String toString() {
		return super.toString() + " (" + this.place + ")";
	}

}
