package io.github.asyncmiddleware.internal.run;

/**
 * The signal a request ended with, before it is known what it means.
 */
public enum Ending {

	/**
	 * It completed.
	 */
	COMPLETE,

	/**
	 * It failed.
	 */
	ERROR,

	/**
	 * The server has cancelled it.
	 */
	CANCEL,

	/**
	 * An error that no signal carries.
	 */
	FATAL,

	/**
	 * The connection goes to another protocol; the signal comes when that has ended.
	 */
	UPGRADE

}
