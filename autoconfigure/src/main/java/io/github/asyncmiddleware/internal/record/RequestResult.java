package io.github.asyncmiddleware.internal.record;

/**
 * How one request ended, as far as the server can know.
 */
public enum RequestResult {

	/**
	 * A complete answer.
	 */
	OK,

	/**
	 * A complete answer that exception handlers rendered for an error no filter dealt
	 * with.
	 */
	ERROR_PAGE,

	/**
	 * The application failed after the head was sent: the answer is incomplete.
	 */
	CUT,

	/**
	 * The client left before a head was sent.
	 */
	GONE_BEFORE_HEAD,

	/**
	 * The client left, or its connection broke, while the body was being sent.
	 */
	GONE_AFTER_HEAD,

	/**
	 * The connection was handed to another protocol, such as WebSocket.
	 */
	UPGRADED,

	/**
	 * The request ended in an error that left no answer at all.
	 */
	FATAL

}
