package io.github.asyncmiddleware.testsupport.boot;

/**
 * How a client speaks to a server.
 */
public enum Protocol {

	/** HTTP/1.1. */
	HTTP_1_1,

	/** HTTP/2 without encryption, with prior knowledge. */
	H2C;

	/**
	 * Connect to a server on this machine.
	 * @param port its port
	 * @return a connection for one request
	 */
	public Client connect(int port) {
		return (this == HTTP_1_1) ? new Http1Client(port) : new Http2Client(port);
	}

}
