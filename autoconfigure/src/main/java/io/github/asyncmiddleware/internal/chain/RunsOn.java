package io.github.asyncmiddleware.internal.chain;

import java.util.Locale;

/**
 * Where the code of a middleware runs.
 */
public enum RunsOn {

	/**
	 * Where it is called, which usually is an event loop.
	 */
	EVENT_LOOP,

	/**
	 * On a virtual thread.
	 */
	VIRTUAL_THREAD,

	/**
	 * On a thread of a pool.
	 */
	POOL;

	/**
	 * How people are told.
	 * @return the name in lower case with dashes
	 */
	public String label() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
