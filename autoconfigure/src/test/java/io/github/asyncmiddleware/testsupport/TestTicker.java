package io.github.asyncmiddleware.testsupport;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import io.github.asyncmiddleware.internal.record.Ticker;

/**
 * A clock that stands still until a test turns it.
 */
public final class TestTicker implements Ticker {

	private final AtomicLong nanoseconds;

	public TestTicker() {
		this(Long.MAX_VALUE - 1);
	}

	public TestTicker(long start) {
		this.nanoseconds = new AtomicLong(start);
	}

	@Override
	public long read() {
		return this.nanoseconds.get();
	}

	public void advance(Duration duration) {
		advanceNanos(duration.toNanos());
	}

	public void advanceNanos(long nanoseconds) {
		this.nanoseconds.addAndGet(nanoseconds);
	}

	public void advanceMillis(long milliseconds) {
		advance(Duration.ofMillis(milliseconds));
	}

}
