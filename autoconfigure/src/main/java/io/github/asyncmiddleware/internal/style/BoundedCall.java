package io.github.asyncmiddleware.internal.style;

import reactor.util.context.Context;

/**
 * A blocking call as the bounds see it: its limit, where it is, and what it does when it
 * is admitted or not.
 */
abstract class BoundedCall {

	final Limit limit;

	/** Guarded by {@link Admission}, as all of the following. */
	Stage stage = Stage.NEW;

	/** Its number among the calls that wait. */
	long number;

	/** Whether it was cancelled after it was admitted. */
	boolean abandoned;

	BoundedCall(Limit limit) {
		this.limit = limit;
	}

	/**
	 * The thread-locals of its request.
	 */
	ThreadLocals.Snapshot threadLocals() {
		return ThreadLocals.NONE.capture(Context.empty());
	}

	/**
	 * Do the work on the current thread. Throws nothing.
	 * @return whether the call that the emission subscribes to may share the permit
	 */
	abstract boolean work();

	/**
	 * Signal what has come of the work.
	 */
	abstract void emit();

	/**
	 * Signal that the call was not admitted.
	 */
	abstract void shed();

	/**
	 * How far a call is.
	 */
	enum Stage {

		/** Was not submitted yet. */
		NEW,

		/** Waits for a permit. */
		WAITING,

		/** Has a permit, and room in its limit. */
		ADMITTED,

		/** Has ended, was cancelled or was never admitted. */
		GONE

	}

}
