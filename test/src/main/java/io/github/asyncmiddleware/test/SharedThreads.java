package io.github.asyncmiddleware.test;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import reactor.core.scheduler.NonBlocking;

/**
 * The threads that must not block and that all tests of a virtual machine share, such as
 * those of Reactor's timer, at the moment when an exchange begins. Immutable.
 */
final class SharedThreads {

	private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

	private static final boolean TELLS_TIME = THREADS.isThreadCpuTimeSupported() && THREADS.isThreadCpuTimeEnabled();

	/** For those that begin while they are counted. */
	private static final int SPARE = 16;

	private final Map<Thread, Long> processorTimes = new HashMap<>();

	SharedThreads() {
		live().forEach((thread) -> this.processorTimes.put(thread, processorTime(thread)));
	}

	/**
	 * Those there are now.
	 */
	static List<Thread> live() {
		ThreadGroup group = Thread.currentThread().getThreadGroup();
		while (group.getParent() != null) {
			group = group.getParent();
		}
		Thread[] threads = new Thread[group.activeCount() + SPARE];
		int count = group.enumerate(threads);
		return Arrays.stream(threads, 0, count).filter(SharedThreads::isShared).toList();
	}

	private static boolean isShared(Thread thread) {
		return thread instanceof NonBlocking && !EventLoop.isThread(thread);
	}

	/**
	 * Whether a thread has done anything since then. One that has not is in code that an
	 * earlier exchange has left on it, perhaps one that has failed for that.
	 */
	boolean hasMoved(Thread thread) {
		Long before = this.processorTimes.get(thread);
		return before == null || !TELLS_TIME || before != processorTime(thread);
	}

	private static long processorTime(Thread thread) {
		return TELLS_TIME ? THREADS.getThreadCpuTime(thread.getId()) : -1;
	}

}
