package io.github.asyncmiddleware.internal.style;

/**
 * A hook method that cannot work, with what to do about it.
 */
public final class InvalidHookException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String action;

	/**
	 * Create an exception.
	 * @param description what is wrong, in whole sentences
	 * @param action what to change, in whole sentences
	 */
	public InvalidHookException(String description, String action) {
		super(description);
		this.action = action;
	}

	/**
	 * What to change.
	 * @return whole sentences
	 */
	public String getAction() {
		return this.action;
	}

}
