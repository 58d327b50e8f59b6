package io.github.asyncmiddleware.metrics;

import io.micrometer.core.instrument.Clock;
import org.jspecify.annotations.Nullable;

/**
 * A clock that a thread which records many samples asks only once for the wall time.
 * Micrometer wants to know that with each of them, to see which maxima are out of date,
 * and it is most of what recording costs.
 * <p>
 * All other threads see the clock behind it.
 */
final class BatchClock implements Clock {

	/** More than there are threads that record at a time, as a rule. */
	private static final int SLOTS = 64;

	/**
	 * Without any order between threads, as no thread uses what another one has written.
	 */
	private final @Nullable Batch[] batches = new Batch[SLOTS];

	private final Clock clock;

	/**
	 * Create a clock.
	 * @param clock the clock behind it
	 */
	BatchClock(Clock clock) {
		this.clock = clock;
	}

	@Override
	public long wallTime() {
		Thread thread = Thread.currentThread();
		Batch batch = this.batches[slot(thread)];
		return (batch != null && batch.thread == thread) ? batch.time : this.clock.wallTime();
	}

	@Override
	public long monotonicTime() {
		return this.clock.monotonicTime();
	}

	/**
	 * Let the wall time stand still for the current thread. If another thread takes its
	 * place, it goes on again.
	 */
	void hold() {
		Thread thread = Thread.currentThread();
		this.batches[slot(thread)] = new Batch(thread, this.clock.wallTime());
	}

	/**
	 * Let the wall time go on for the current thread.
	 */
	void letGo() {
		Thread thread = Thread.currentThread();
		int slot = slot(thread);
		Batch batch = this.batches[slot];
		if (batch != null && batch.thread == thread) {
			this.batches[slot] = null;
		}
	}

	private static int slot(Thread thread) {
		return (int) thread.getId() & (SLOTS - 1);
	}

	/**
	 * What is going on in a thread.
	 *
	 * @param thread the thread
	 * @param time the wall time when it began, in milliseconds
	 */
	private record Batch(Thread thread, long time) {

	}

}
