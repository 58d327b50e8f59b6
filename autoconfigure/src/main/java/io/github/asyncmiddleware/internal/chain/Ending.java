package io.github.asyncmiddleware.internal.chain;

/**
 * The signal a request ended with, before it is known what it means.
 */
enum Ending {

	COMPLETE, ERROR, CANCEL,

	/** An error that no signal carries. */
	FATAL,

	/** The connection goes to another protocol; the signal comes when that has ended. */
	UPGRADE

}
