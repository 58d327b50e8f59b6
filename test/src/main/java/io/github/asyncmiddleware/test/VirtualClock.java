package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.Ticker;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * The clock of the engine in a test: stands still until the test advances it. Where the
 * test has put Reactor on virtual time, that is the clock, so that both advance together.
 */
final class VirtualClock implements Ticker, Deadlines {

	private final VirtualTimeScheduler own = VirtualTimeScheduler.create();

	private VirtualTimeScheduler scheduler() {
		return VirtualTimeScheduler.isFactoryEnabled() ? VirtualTimeScheduler.get() : this.own;
	}

	@Override
	public long read() {
		return now();
	}

	@Override
	public long now() {
		return scheduler().now(TimeUnit.NANOSECONDS);
	}

	@Override
	public Disposable schedule(Runnable task, long delay) {
		return scheduler().schedule(task, delay, TimeUnit.NANOSECONDS);
	}

	/**
	 * Let time pass, and run on this thread what is due meanwhile.
	 */
	void advance(Duration duration) {
		scheduler().advanceTimeBy(duration);
	}

}
