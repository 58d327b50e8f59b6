package io.github.asyncmiddleware.internal.sample;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

/**
 * Samples that wait to be counted. Belongs to the thread that has locked it.
 * <p>
 * Everything is in one array, the state in front: buffers of their own that lie beside
 * each other in memory would make processors wait for each other.
 */
final class SampleBuffer {

	private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

	private static final int LOCK = 0;

	private static final int SIZE = 1;

	private static final int SINCE = 2;

	private static final int EMPTIED = 3;

	private static final int FIRST = 8;

	/** Counting a full one keeps a thread busy for some 50 µs. */
	static final int CAPACITY = 1024 - FIRST;

	private final long[] elements = new long[FIRST + CAPACITY];

	private final SampleTraces traces;

	/**
	 * Create a buffer.
	 * @param emptied when it was emptied last
	 * @param traced whether the traces of the requests are kept as well
	 */
	SampleBuffer(long emptied, boolean traced) {
		this.elements[EMPTIED] = emptied;
		this.traces = traced ? new SampleTraces(CAPACITY + 1) : SampleTraces.NONE;
	}

	boolean isTraced() {
		return this.traces.isKept();
	}

	boolean tryLock() {
		return (long) ELEMENT.getOpaque(this.elements, LOCK) == 0 && ELEMENT.compareAndSet(this.elements, LOCK, 0L, 1L);
	}

	void unlock() {
		ELEMENT.setRelease(this.elements, LOCK, 0L);
	}

	boolean isFull() {
		return this.elements[SIZE] == CAPACITY;
	}

	boolean isEmpty() {
		return this.elements[SIZE] == 0;
	}

	/**
	 * When the first of the samples was measured.
	 */
	long since() {
		return this.elements[SINCE];
	}

	void since(long time) {
		this.elements[SINCE] = time;
	}

	/**
	 * When it was emptied last.
	 */
	long emptied() {
		return this.elements[EMPTIED];
	}

	void add(long sample) {
		this.elements[FIRST + (int) this.elements[SIZE]++] = sample;
	}

	/**
	 * Say which trace the samples that follow belong to.
	 */
	void addTrace(@Nullable Object trace) {
		add(this.traces.add(trace));
	}

	/**
	 * Hand all samples over and forget them.
	 * @param observer the observer that passes them on
	 * @param time when that is
	 */
	void drainTo(RequestObserver observer, long time) {
		int size = (int) this.elements[SIZE];
		this.elements[SIZE] = 0;
		this.elements[EMPTIED] = time;
		if (size > 0) {
			observer.onSamples(this.elements, this.traces, FIRST, FIRST + size, since());
			this.traces.clear();
		}
	}

}
