package io.github.asyncmiddleware.metrics;

import org.jspecify.annotations.Nullable;

/**
 * The trace of the request that the current thread records a sample of. Samples are
 * recorded later and many at once, on the thread of another request, so the trace that
 * the thread is in is not the one that an exemplar has to name.
 */
final class MeasuredTrace {

	private static final ThreadLocal<MeasuredTrace> RECORDING = new ThreadLocal<>();

	private @Nullable Object trace;

	private MeasuredTrace(@Nullable Object trace) {
		this.trace = trace;
	}

	/**
	 * The current thread begins to record samples.
	 * @param trace the trace of the first of them, or {@code null} if it has none
	 * @return where to say which trace the next one has. Has to be followed by
	 * {@link #end()}
	 */
	static MeasuredTrace begin(@Nullable Object trace) {
		MeasuredTrace recording = new MeasuredTrace(trace);
		RECORDING.set(recording);
		return recording;
	}

	/**
	 * The current thread has recorded them.
	 */
	static void end() {
		RECORDING.remove();
	}

	/**
	 * What the current thread records.
	 * @return {@code null} if it does not record samples
	 */
	static @Nullable MeasuredTrace current() {
		return RECORDING.get();
	}

	@Nullable Object trace() {
		return this.trace;
	}

	void trace(@Nullable Object trace) {
		this.trace = trace;
	}

}
