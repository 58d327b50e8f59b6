package io.github.asyncmiddleware.internal.sample;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/**
 * The traces of the requests whose samples wait in a buffer. Belongs to the thread that
 * has locked the buffer.
 */
public final class SampleTraces {

	/** Where no traces are kept. */
	static final SampleTraces NONE = new SampleTraces(0);

	private @Nullable Object[] traces;

	/** The first place stands for requests without a trace. */
	private int size = 1;

	private final int limit;

	/**
	 * Create traces.
	 * @param limit how many there are at most
	 */
	SampleTraces(int limit) {
		this.limit = limit;
		this.traces = new Object[Math.min(limit, 16)];
	}

	boolean isKept() {
		return this.limit > 0;
	}

	/**
	 * Keep a trace.
	 * @param trace the trace, or {@code null} for a request without one
	 * @return the sample that stands for it
	 */
	long add(@Nullable Object trace) {
		if (trace == null) {
			return Sample.trace(0);
		}
		if (this.size == this.traces.length) {
			this.traces = Arrays.copyOf(this.traces, Math.min(this.size * 2, this.limit));
		}
		this.traces[this.size] = trace;
		return Sample.trace(this.size++);
	}

	/**
	 * The trace that the samples which follow belong to.
	 * @param sample a sample of the kind {@link Sample.Kind#TRACE}
	 * @return the trace, or {@code null} if they belong to none
	 */
	public @Nullable Object get(long sample) {
		return this.traces[(int) Sample.nanoseconds(sample)];
	}

	void clear() {
		Arrays.fill(this.traces, 0, Math.min(this.size, this.traces.length), null);
		this.size = 1;
	}

}
