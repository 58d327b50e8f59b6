package io.github.asyncmiddleware.actuate;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.SampleBuffers;
import io.github.asyncmiddleware.internal.sample.SampleListener;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The numbers behind the endpoint: counts since start, quantiles over a sliding window.
 * Needs no meter registry. Up to date whenever it is read.
 */
public final class MiddlewareStatistics implements SampleListener {

	private final SampleStore store = new SampleStore();

	/** Where samples are that have not been counted yet. */
	private final List<SampleBuffers> sources = new CopyOnWriteArrayList<>();

	private final Ticker ticker;

	private final long start;

	/**
	 * Create statistics in which nothing is counted yet.
	 * @param ticker the clock, the same as that of the engine
	 */
	public MiddlewareStatistics(Ticker ticker) {
		Assert.notNull(ticker, "'ticker' must not be null");
		this.ticker = ticker;
		this.start = ticker.read();
	}

	@Override
	public void comingFrom(SampleBuffers buffers) {
		this.sources.add(buffers);
	}

	@Override
	public void onSamples(long[] samples, int from, int to, long time) {
		this.store.count(minute(time), samples, from, to);
	}

	@Override
	public void onMisuse(Middleware middleware, Misuse misuse) {
		this.store.countMisuse(middleware.index(), misuse);
	}

	@Override
	public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
		if (middleware != null) {
			this.store.countBlocked(middleware.index());
		}
	}

	/**
	 * Read what was measured up to now.
	 * @return the numbers
	 */
	Reading read() {
		this.sources.forEach(SampleBuffers::flush);
		return new Reading(this.store, minute(this.ticker.read()));
	}

	private long minute(long time) {
		return Math.max(time - this.start, 0) / SlidingWindow.SLICE.toNanos();
	}

	/**
	 * A look at the numbers. Each one is exact at the moment it is asked for.
	 *
	 * @param store where they are
	 * @param minute when they are looked at
	 */
	record Reading(SampleStore store, long minute) {

		SampleStore.Timing app() {
			return this.store.app(this.minute);
		}

		SampleStore.MiddlewareTiming middleware(int index) {
			return this.store.middleware(index, this.minute);
		}

	}

}
