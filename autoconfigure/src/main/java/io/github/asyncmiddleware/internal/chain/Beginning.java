package io.github.asyncmiddleware.internal.chain;

/**
 * The part of one middleware in one request, which is told when its code begins, and
 * where that is later than its turn: a method that waits for its arguments, or for a
 * thread, may never be called.
 */
public interface Beginning {

	/**
	 * It is its turn, and its code is not called yet.
	 */
	void postponed();

	/**
	 * Its code is about to be called. Called on any thread, and after
	 * {@link #postponed()} if that is.
	 */
	void begun();

}
