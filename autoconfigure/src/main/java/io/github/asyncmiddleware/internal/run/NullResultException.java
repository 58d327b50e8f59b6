package io.github.asyncmiddleware.internal.run;

/**
 * A method of a middleware returned {@code null} in place of a publisher, after something
 * had to be waited for first. The engine, which knows whose part that is, counts it as
 * misuse.
 */
public final class NullResultException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String place;

	/**
	 * Create an exception without a stack trace, which would name no middleware.
	 * @param place which method of which class has done it
	 */
	public NullResultException(String place) {
		super("A middleware returned null instead of a publisher", null, false, false);
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
