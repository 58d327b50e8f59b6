package io.github.asyncmiddleware.internal.record;

/**
 * The signal a request ended with, before it is known what it means.
 */
public enum Ending {

	/** The request completed. */
	COMPLETE,

	/** The request ended with an error. */
	ERROR,

	/** The server has cancelled the request. */
	CANCEL,

	/** An error that no signal carries. */
	FATAL,

	/** The connection goes to another protocol; the signal comes when that has ended. */
	UPGRADE

}
