package io.github.asyncmiddleware.faults;

/**
 * Has a connection and sends requests on it.
 */
interface Client extends AutoCloseable {

	/**
	 * Send a request as the last one but one: behind it goes another one that has to be
	 * answered as ever.
	 * @param method the method
	 * @param path the path
	 * @param headers header lines
	 * @return the answer to the first request
	 */
	Answer send(String method, String path, String... headers);

	/**
	 * Send a request on a connection that is used again.
	 * @param method the method
	 * @param path the path
	 * @param headers header lines
	 * @return the answer
	 */
	Answer sendNext(String method, String path, String... headers);

	@Override
	void close();

}
