package io.github.asyncmiddleware.internal.chain;

/**
 * The part of one middleware in one request, of which its code tells when it begins where
 * that is later than its turn: a method that waits for its arguments, or for a thread,
 * may never be called.
 */
public interface Beginning {

	/**
	 * It is its turn, and its code is not called yet.
	 */
	void postponed();

	/**
	 * Its code is about to be called. Called on any thread, after {@link #postponed()}.
	 */
	void begun();

}
