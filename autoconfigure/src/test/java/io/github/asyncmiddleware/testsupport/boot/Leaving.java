package io.github.asyncmiddleware.testsupport.boot;

/**
 * How a client leaves in the middle of a request.
 */
public enum Leaving {

	/** It says that it sends no more. */
	FIN(Protocol.HTTP_1_1),

	/** It is killed. */
	RST(Protocol.HTTP_1_1),

	/** It gives up this request, and keeps the connection. */
	RST_STREAM(Protocol.H2C),

	/** It is killed, with all of its requests. */
	H2C_RST(Protocol.H2C);

	private final Protocol protocol;

	Leaving(Protocol protocol) {
		this.protocol = protocol;
	}

	public Protocol protocol() {
		return this.protocol;
	}

}
