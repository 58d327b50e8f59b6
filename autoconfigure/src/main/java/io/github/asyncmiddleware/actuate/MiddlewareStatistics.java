package io.github.asyncmiddleware.actuate;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.RequestListener;
import io.github.asyncmiddleware.internal.chain.RequestResult;
import io.github.asyncmiddleware.internal.chain.RequestTimeline;
import io.github.asyncmiddleware.internal.chain.Step;
import io.github.asyncmiddleware.internal.chain.Ticker;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The numbers behind the endpoint: counts since start, quantiles over a sliding window.
 * Needs no meter registry.
 * <p>
 * A request only notes its samples, in the buffer that its thread usually has for itself:
 * one lock, or for a stream one for the head and one for the end, however many
 * middlewares there are. They are counted when a buffer is full, the minute is over or
 * somebody wants to see them.
 */
public final class MiddlewareStatistics implements RequestListener {

	private static final int MAX_BUFFERS = 64;

	private final SampleStore store = new SampleStore();

	private final SampleBuffer[] buffers;

	private final Ticker ticker;

	private final long start;

	/**
	 * Create statistics in which nothing is counted yet.
	 * @param ticker the clock
	 */
	public MiddlewareStatistics(Ticker ticker) {
		this(ticker, Runtime.getRuntime().availableProcessors());
	}

	MiddlewareStatistics(Ticker ticker, int processors) {
		Assert.notNull(ticker, "'ticker' must not be null");
		this.ticker = ticker;
		this.start = ticker.read();
		this.buffers = new SampleBuffer[Math.min(processors, MAX_BUFFERS)];
		for (int i = 0; i < this.buffers.length; i++) {
			this.buffers[i] = new SampleBuffer();
		}
	}

	@Override
	public void onHead(RequestTimeline request) {
		note(request, true, false);
	}

	@Override
	public void onEnd(RequestTimeline request, RequestResult result) {
		note(request, false, true);
	}

	@Override
	public void onHeadAndEnd(RequestTimeline request, RequestResult result) {
		note(request, true, true);
	}

	private void note(RequestTimeline request, boolean head, boolean end) {
		Step last = request.last();
		if (last == null) {
			return;
		}
		SampleBuffer buffer = lockAny();
		try {
			begin(buffer, minute());
			if (head) {
				add(buffer, Sample.app(request.app()));
			}
			for (Step step = last; step != null; step = step.previous()) {
				int index = step.middleware().index();
				if (head && Sample.isPossible(index)) {
					add(buffer, Sample.ttfb(index, request.ttfb(step)));
				}
				if (end && Sample.isPossible(index)) {
					add(buffer, Sample.own(index, step.result(), step.own()));
				}
			}
		}
		finally {
			buffer.unlock();
		}
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
	 * Lock the buffer of the current thread, or the next one that is free. Nobody keeps a
	 * buffer for longer than it takes to count what is in it.
	 */
	private SampleBuffer lockAny() {
		long own = Thread.currentThread().getId();
		for (int attempt = 0;; attempt++) {
			SampleBuffer buffer = this.buffers[(int) ((own + attempt) % this.buffers.length)];
			if (buffer.tryLock()) {
				return buffer;
			}
			if (attempt >= this.buffers.length) {
				Thread.yield();
			}
		}
	}

	private void begin(SampleBuffer buffer, long minute) {
		if (buffer.minute() != minute) {
			buffer.drainTo(this.store);
			buffer.minute(minute);
		}
	}

	private void add(SampleBuffer buffer, long sample) {
		if (buffer.isFull()) {
			buffer.drainTo(this.store);
		}
		buffer.add(sample);
	}

	/**
	 * Read what was measured up to now.
	 * @return the numbers
	 */
	Reading read() {
		for (SampleBuffer buffer : this.buffers) {
			lock(buffer);
			try {
				buffer.drainTo(this.store);
			}
			finally {
				buffer.unlock();
			}
		}
		return new Reading(this.store, minute());
	}

	private static void lock(SampleBuffer buffer) {
		while (!buffer.tryLock()) {
			Thread.yield();
		}
	}

	private long minute() {
		return (this.ticker.read() - this.start) / SlidingWindow.SLICE.toNanos();
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
