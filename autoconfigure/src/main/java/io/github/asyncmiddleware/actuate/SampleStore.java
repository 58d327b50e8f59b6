package io.github.asyncmiddleware.actuate;

import java.util.Arrays;

import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.sample.Sample;
import org.jspecify.annotations.Nullable;

/**
 * Where samples are counted. Safe for use by several threads, of which one works at a
 * time, and never for long.
 */
final class SampleStore {

	private final SlidingWindow app = new SlidingWindow();

	/** By the index of the middleware; grows with the largest that was seen. */
	private @Nullable MiddlewareSamples[] middlewares = new MiddlewareSamples[16];

	/**
	 * Count some samples.
	 * @param minute when they were measured
	 * @param samples an array with the samples
	 * @param from where they begin in it
	 * @param to where they end in it
	 */
	synchronized void count(long minute, long[] samples, int from, int to) {
		for (int i = from; i < to; i++) {
			long sample = samples[i];
			long nanoseconds = Sample.nanoseconds(sample);
			switch (Sample.kind(sample)) {
				case APP -> this.app.record(minute, nanoseconds);
				case TTFB -> middleware(Sample.index(sample)).ttfb.record(minute, nanoseconds);
				case OWN -> middleware(Sample.index(sample)).own(minute, nanoseconds, Sample.result(sample));
				case TRACE -> {
				}
			}
		}
	}

	private MiddlewareSamples middleware(int index) {
		if (index >= this.middlewares.length) {
			this.middlewares = Arrays.copyOf(this.middlewares, Math.max(index + 1, this.middlewares.length * 2));
		}
		MiddlewareSamples middleware = this.middlewares[index];
		if (middleware == null) {
			middleware = new MiddlewareSamples();
			this.middlewares[index] = middleware;
		}
		return middleware;
	}

	synchronized void countMisuse(int index, Misuse misuse) {
		middleware(index).misuse[misuse.ordinal()]++;
	}

	synchronized void countBlocked(int index) {
		middleware(index).blocked++;
	}

	synchronized Timing app(long minute) {
		return new Timing(this.app.count(), this.app.read(minute));
	}

	/**
	 * What there is of a middleware. The numbers of one middleware belong together.
	 * @param index the index of the middleware
	 * @param minute the current minute
	 * @return its numbers
	 */
	synchronized MiddlewareTiming middleware(int index, long minute) {
		MiddlewareSamples samples = (index < this.middlewares.length) ? this.middlewares[index] : null;
		return ((samples != null) ? samples : new MiddlewareSamples()).read(minute);
	}

	/**
	 * The samples of one middleware.
	 */
	private static final class MiddlewareSamples {

		private final SlidingWindow ttfb = new SlidingWindow();

		private final SlidingWindow own = new SlidingWindow();

		private final long[] results = new long[MiddlewareResult.values().length];

		private final long[] misuse = new long[Misuse.values().length];

		private long blocked;

		void own(long minute, long nanoseconds, MiddlewareResult result) {
			this.own.record(minute, nanoseconds);
			this.results[result.ordinal()]++;
		}

		MiddlewareTiming read(long minute) {
			return new MiddlewareTiming(new Timing(this.ttfb.count(), this.ttfb.read(minute)),
					new Timing(this.own.count(), this.own.read(minute)), this.results.clone(), this.misuse.clone(),
					this.blocked);
		}

	}

	/**
	 * What was measured of one thing.
	 *
	 * @param count how often since start
	 * @param window the durations of the last minutes
	 */
	record Timing(long count, DurationHistogram window) {

	}

	/**
	 * What was measured of one middleware.
	 *
	 * @param ttfb its time to first byte
	 * @param own its own time
	 * @param results how often its part ended how since start, by the ordinal of the
	 * result
	 * @param misuse how often it broke the rules since start, by the ordinal of the
	 * misuse
	 * @param blocked how often it blocked a thread since start
	 */
	record MiddlewareTiming(Timing ttfb, Timing own, long[] results, long[] misuse, long blocked) {

	}

}
