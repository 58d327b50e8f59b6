package io.github.asyncmiddleware.concurrency;

import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * A clock of deadlines that is turned by hand. Its timers ring when they are told to.
 */
public final class StressClock implements Deadlines {

	private final AtomicInteger timers = new AtomicInteger();

	private volatile long now;

	private volatile @Nullable Timer first;

	private volatile @Nullable Timer last;

	/**
	 * Set the time.
	 * @param now the time
	 */
	public void now(long now) {
		this.now = now;
	}

	@Override
	public long now() {
		return this.now;
	}

	@Override
	public Disposable schedule(Runnable task, long delay) {
		this.timers.incrementAndGet();
		Timer timer = new Timer(task, this.timers);
		if (this.first == null) {
			this.first = timer;
		}
		this.last = timer;
		return timer;
	}

	/**
	 * How many timers are set that have not rung and were not taken back.
	 * @return the number
	 */
	public int timers() {
		return this.timers.get();
	}

	/**
	 * Ring the timer that was set first, unless it was taken back.
	 */
	public void ring() {
		Timer first = this.first;
		if (first != null && first.tryEnd()) {
			first.task.run();
		}
	}

	/**
	 * Ring the timer that was set last, unless it has rung or was taken back.
	 */
	public void ringLast() {
		Timer last = this.last;
		if (last != null && last.tryEnd()) {
			last.task.run();
		}
	}

	/**
	 * A timer that rings or is taken back.
	 */
	private static final class Timer extends AtomicInteger implements Disposable {

		private final Runnable task;

		private final AtomicInteger timers;

		Timer(Runnable task, AtomicInteger timers) {
			this.task = task;
			this.timers = timers;
		}

		@Override
		public void dispose() {
			tryEnd();
		}

		private boolean tryEnd() {
			if (!compareAndSet(0, 1)) {
				return false;
			}
			this.timers.decrementAndGet();
			return true;
		}

	}

}
