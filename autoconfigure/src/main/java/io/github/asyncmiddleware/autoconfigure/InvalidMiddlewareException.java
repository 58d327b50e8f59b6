package io.github.asyncmiddleware.autoconfigure;

/**
 * Says that a middleware, or a property for one, cannot be what the user meant. Fails the
 * start of the application.
 */
class InvalidMiddlewareException extends RuntimeException {

	private final String action;

	/**
	 * Create an exception.
	 * @param description what is wrong, with the names of bean and class
	 * @param action what to change
	 */
	InvalidMiddlewareException(String description, String action) {
		super(description);
		this.action = action;
	}

	String getAction() {
		return this.action;
	}

}
