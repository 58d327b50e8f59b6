package io.github.asyncmiddleware.autoconfigure;

/**
 * Says that what the user meant cannot be told, since a placeholder has no value.
 */
class UnresolvedPlaceholderException extends InvalidMiddlewareException {

	/**
	 * Create an exception.
	 * @param description what is wrong, with the names of bean and class
	 * @param action what to change
	 */
	UnresolvedPlaceholderException(String description, String action) {
		super(description, action);
	}

}
