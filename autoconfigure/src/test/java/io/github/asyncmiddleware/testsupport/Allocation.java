package io.github.asyncmiddleware.testsupport;

import java.lang.management.ManagementFactory;
import java.util.stream.IntStream;

import com.sun.management.ThreadMXBean;

/**
 * How many bytes the current thread allocates.
 */
public final class Allocation {

	private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	private Allocation() {
	}

	/**
	 * What an action allocates.
	 * @param action the action
	 * @return the bytes
	 */
	public static long of(Runnable action) {
		long before = THREADS.getCurrentThreadAllocatedBytes();
		action.run();
		return THREADS.getCurrentThreadAllocatedBytes() - before;
	}

	/**
	 * What an action allocates each time. What happens once, such as the linking of a
	 * branch that is rarely taken, is not part of that.
	 * @param times how often to run the action
	 * @param action the action
	 * @return the bytes of the run that has taken the least
	 */
	public static long ofEach(int times, Runnable action) {
		return IntStream.range(0, times).mapToLong((i) -> of(action)).min().orElseThrow();
	}

}
