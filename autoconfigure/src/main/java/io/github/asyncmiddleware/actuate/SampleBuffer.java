package io.github.asyncmiddleware.actuate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Samples of one minute that wait to be counted. Belongs to the thread that has locked
 * it.
 * <p>
 * Everything is in one array, the state in front: buffers of their own that lie beside
 * each other in memory would make processors wait for each other.
 */
final class SampleBuffer {

	private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

	private static final int LOCK = 0;

	private static final int SIZE = 1;

	private static final int MINUTE = 2;

	private static final int FIRST = 8;

	private static final int CAPACITY = 2048 - FIRST;

	private final long[] elements = new long[FIRST + CAPACITY];

	boolean tryLock() {
		return (long) ELEMENT.getOpaque(this.elements, LOCK) == 0 && ELEMENT.compareAndSet(this.elements, LOCK, 0L, 1L);
	}

	void unlock() {
		ELEMENT.setRelease(this.elements, LOCK, 0L);
	}

	boolean isFull() {
		return this.elements[SIZE] == CAPACITY;
	}

	/**
	 * The minute that all samples belong to.
	 * @return the minute
	 */
	long minute() {
		return this.elements[MINUTE];
	}

	/**
	 * Set the minute that all samples belong to. Only for an empty buffer.
	 * @param minute the minute
	 */
	void minute(long minute) {
		this.elements[MINUTE] = minute;
	}

	void add(long sample) {
		this.elements[FIRST + (int) this.elements[SIZE]++] = sample;
	}

	/**
	 * Hand all samples over and forget them.
	 * @param store who counts them
	 */
	void drainTo(SampleStore store) {
		store.count(minute(), this.elements, FIRST, (int) this.elements[SIZE]);
		this.elements[SIZE] = 0;
	}

}
