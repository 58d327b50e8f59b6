package io.github.asyncmiddleware.internal.watch;

import java.io.IOException;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What can be found out about a thread from outside.
 */
interface ThreadProbe {

	/**
	 * The state of a thread.
	 */
	Thread.State state(Thread thread);

	/**
	 * The time that a thread has spent on a processor.
	 * @return nanoseconds, or a negative number if that is not known
	 */
	long processorTime(Thread thread);

	/**
	 * Where a thread is. Stops it for a moment, and on older virtual machines all others
	 * too.
	 * @return the stack, innermost call first; empty if the thread has ended
	 */
	StackTraceElement[] stack(Thread thread);

	/**
	 * How long the current thread was ready to run and had to wait for a processor, since
	 * it began.
	 * @return nanoseconds, or a negative number if that is not known
	 */
	long processorDelay();

	/**
	 * All threads there are.
	 * @return the threads; empty if that is not known
	 */
	List<Thread> threads();

	/**
	 * How many classes have been loaded, by any thread.
	 */
	long loadedClasses();

	/**
	 * Asks the running virtual machine.
	 */
	final class OfVirtualMachine implements ThreadProbe {

		private static final Path STATISTICS = Path.of("/proc/thread-self/schedstat");

		private volatile boolean tellsDelay = Files.isReadable(STATISTICS);

		private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

		private final ClassLoadingMXBean classes = ManagementFactory.getClassLoadingMXBean();

		private final boolean measuresProcessorTime = this.threads.isThreadCpuTimeSupported()
				&& this.threads.isThreadCpuTimeEnabled();

		@Override
		public Thread.State state(Thread thread) {
			return thread.getState();
		}

		@Override
		public long processorTime(Thread thread) {
			return this.measuresProcessorTime ? this.threads.getThreadCpuTime(thread.getId()) : -1;
		}

		@Override
		public StackTraceElement[] stack(Thread thread) {
			return thread.getStackTrace();
		}

		/**
		 * Linux tells.
		 */
		@Override
		public long processorDelay() {
			if (!this.tellsDelay) {
				return -1;
			}
			try {
				return Long.parseLong(Files.readString(STATISTICS).split(" ")[1]);
			}
			catch (IOException | RuntimeException ex) {
				this.tellsDelay = false;
				return -1;
			}
		}

		@Override
		public List<Thread> threads() {
			ThreadGroup group = Thread.currentThread().getThreadGroup();
			while (group.getParent() != null) {
				group = group.getParent();
			}
			// Those that begin in between are found the next time
			Thread[] threads = new Thread[group.activeCount() + 16];
			int count = group.enumerate(threads);
			return List.of(Arrays.copyOf(threads, count));
		}

		@Override
		public long loadedClasses() {
			return this.classes.getTotalLoadedClassCount();
		}

	}

}
