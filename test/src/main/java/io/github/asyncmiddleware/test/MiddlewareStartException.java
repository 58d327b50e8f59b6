package io.github.asyncmiddleware.test;

/**
 * Says that an application with these middlewares would not start, in the words in which
 * the application would say it: a description of what is wrong, and the action to take.
 */
public final class MiddlewareStartException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String description;

	private final String action;

	MiddlewareStartException(String description, String action, Throwable cause) {
		super("%n%nDescription:%n%n%s%n%nAction:%n%n%s%n".formatted(description, action), cause);
		this.description = description;
		this.action = action;
	}

	/**
	 * What is wrong.
	 * @return the text below "Description:" of the failed start
	 */
	public String getDescription() {
		return this.description;
	}

	/**
	 * What to change.
	 * @return the text below "Action:" of the failed start
	 */
	public String getAction() {
		return this.action;
	}

}
