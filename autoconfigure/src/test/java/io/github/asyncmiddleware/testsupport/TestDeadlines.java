package io.github.asyncmiddleware.testsupport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * Timers on a clock that stands still until a test turns it.
 */
public final class TestDeadlines implements Deadlines {

	private final List<Timer> timers = new ArrayList<>();

	private long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

	private int set;

	@Override
	public synchronized long now() {
		return this.now;
	}

	@Override
	public synchronized Disposable schedule(Runnable task, long delay) {
		Timer timer = new Timer(task, this.now + delay);
		this.timers.add(timer);
		this.set++;
		return timer;
	}

	/**
	 * How many timers are set now.
	 */
	public synchronized int timers() {
		return this.timers.size();
	}

	/**
	 * How many timers were ever set.
	 */
	public synchronized int set() {
		return this.set;
	}

	/**
	 * Turn the clock, and call back what is due on this thread.
	 */
	public void advance(Duration duration) {
		long end = now() + duration.toNanos();
		Timer next = next(end);
		while (next != null) {
			next.task.run();
			next = next(end);
		}
	}

	private synchronized @Nullable Timer next(long end) {
		Timer first = this.timers.stream().min(Comparator.comparingLong((timer) -> timer.at - end)).orElse(null);
		if (first == null || first.at - end > 0) {
			this.now = end;
			return null;
		}
		this.timers.remove(first);
		this.now = first.at;
		return first;
	}

	private final class Timer implements Disposable {

		private final Runnable task;

		private final long at;

		Timer(Runnable task, long at) {
			this.task = task;
			this.at = at;
		}

		@Override
		public void dispose() {
			synchronized (TestDeadlines.this) {
				TestDeadlines.this.timers.remove(this);
			}
		}

	}

}
