package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.Deadlines;

/**
 * How long one request has been waiting for something that no middleware is to blame for.
 * May be used by any thread.
 */
public final class WaitTime {

	private final Deadlines clock;

	private long waited;

	/** When the waiting began that goes on now, if it does. */
	private long since;

	private boolean waiting;

	/**
	 * Create an instance.
	 * @param clock the clock
	 */
	public WaitTime(Deadlines clock) {
		this.clock = clock;
	}

	/**
	 * The waiting begins, unless it has.
	 */
	public synchronized void begin() {
		if (!this.waiting) {
			this.waiting = true;
			this.since = this.clock.now();
		}
	}

	/**
	 * The waiting ends, if it has begun.
	 */
	public synchronized void end() {
		if (this.waiting) {
			this.waiting = false;
			this.waited += this.clock.now() - this.since;
		}
	}

	/**
	 * How long the waiting took, until now.
	 * @return nanoseconds
	 */
	public synchronized long waited() {
		return this.waited + (this.waiting ? this.clock.now() - this.since : 0);
	}

	/**
	 * Whether it goes on now.
	 * @return {@code true} between {@link #begin()} and {@link #end()}
	 */
	public synchronized boolean isWaiting() {
		return this.waiting;
	}

}
