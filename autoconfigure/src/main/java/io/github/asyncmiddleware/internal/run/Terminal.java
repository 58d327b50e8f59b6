package io.github.asyncmiddleware.internal.run;

/**
 * The end of a request towards the server.
 */
public interface Terminal {

	/**
	 * End the request with an error, unless it is thrown at the server anyway.
	 * @param error an error that no signal of Reactor carries
	 */
	void fail(Throwable error);

	/**
	 * An attempt to answer was discarded: forget what the exchange knows of it.
	 */
	void discarded();

}
