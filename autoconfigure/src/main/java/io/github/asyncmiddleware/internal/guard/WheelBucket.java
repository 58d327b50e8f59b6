package io.github.asyncmiddleware.internal.guard;

import org.jspecify.annotations.Nullable;

/**
 * The timers of a {@link DeadlineWheel} that are due at the same place of it, in this
 * round or a later one.
 */
final class WheelBucket {

	private final DeadlineWheel wheel;

	private @Nullable WheelTimer first;

	WheelBucket(DeadlineWheel wheel) {
		this.wheel = wheel;
	}

	/**
	 * Add a timer, if the wheel has not gone past.
	 */
	synchronized boolean tryAdd(WheelTimer timer) {
		if (timer.tick <= this.wheel.reached()) {
			return false;
		}
		timer.bucket = this;
		timer.next = this.first;
		if (this.first != null) {
			this.first.previous = timer;
		}
		this.first = timer;
		return true;
	}

	synchronized boolean tryRemove(WheelTimer timer) {
		if (timer.bucket != this) {
			return false;
		}
		timer.bucket = null;
		if (timer.previous != null) {
			timer.previous.next = timer.next;
		}
		else {
			this.first = timer.next;
		}
		if (timer.next != null) {
			timer.next.previous = timer.previous;
		}
		timer.previous = null;
		timer.next = null;
		return true;
	}

	/**
	 * Move timers to those that are to ring now.
	 * @param due the first of those
	 * @return the first of those with them
	 */
	synchronized @Nullable WheelTimer removeDue(long tick, @Nullable WheelTimer due) {
		WheelTimer rest = due;
		WheelTimer timer = this.first;
		while (timer != null) {
			WheelTimer next = timer.next;
			if (timer.tick <= tick && tryRemove(timer)) {
				this.wheel.removed();
				timer.next = rest;
				rest = timer;
			}
			timer = next;
		}
		return rest;
	}

}
