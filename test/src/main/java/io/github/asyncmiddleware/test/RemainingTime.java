package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What is left of a time limit, for a loop that looks again and again. The time between
 * two looks counts for a little at most: if it is longer, a debugger has stopped all
 * threads, or the laptop was closed, and the request could not go on either. Belongs to
 * one thread.
 */
final class RemainingTime {

	private static final long MAX_STEP = TimeUnit.MILLISECONDS.toNanos(50);

	private final LongSupplier clock;

	private long left;

	private long last;

	RemainingTime(Duration limit) {
		this(limit, System::nanoTime);
	}

	/**
	 * Begin to count.
	 * @param limit how much time there is
	 * @param clock tells the time in nanoseconds
	 */
	RemainingTime(Duration limit, LongSupplier clock) {
		this.clock = clock;
		this.left = limit.toNanos();
		this.last = clock.getAsLong();
	}

	/**
	 * Look at the clock.
	 * @return the nanoseconds that are left, 0 if there are none
	 */
	long look() {
		long now = this.clock.getAsLong();
		this.left = Math.max(this.left - Math.min(now - this.last, MAX_STEP), 0);
		this.last = now;
		return this.left;
	}

}
