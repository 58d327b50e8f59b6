package io.github.asyncmiddleware.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ways to block a thread.
 */
public enum Blocking {

	/** It sleeps. */
	SLEEP {

		@Override
		void perform(Duration duration) throws Exception {
			Thread.sleep(duration.toMillis());
		}

	},

	/** It wants a lock that another thread has. */
	LOCK {

		@Override
		void perform(Duration duration) throws Exception {
			Object lock = new Object();
			CountDownLatch locked = new CountDownLatch(1);
			Thread holder = new Thread(() -> hold(lock, locked, duration));
			holder.start();
			locked.await();
			synchronized (lock) {
				holder.getClass();
			}
			holder.join();
		}

	},

	/** It computes, for as long on a processor. */
	COMPUTE {

		@Override
		void perform(Duration duration) {
			long end = THREADS.getCurrentThreadCpuTime() + duration.toNanos();
			while (THREADS.getCurrentThreadCpuTime() < end) {
				Thread.onSpinWait();
			}
		}

	},

	/** It waits for a result. */
	WAIT {

		@Override
		void perform(Duration duration) throws Exception {
			new CountDownLatch(1).await(duration.toNanos(), TimeUnit.NANOSECONDS);
		}

	},

	/** It reads what is not there yet. */
	READ {

		@Override
		void perform(Duration duration) throws Exception {
			Process process = new ProcessBuilder("sleep", String.valueOf(duration.toMillis() / 1000.0)).start();
			process.getInputStream().read();
		}

	};

	private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

	abstract void perform(Duration duration) throws Exception;

	/**
	 * Block the current thread for at least that long.
	 */
	public void block(Duration duration) {
		try {
			perform(duration);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void hold(Object lock, CountDownLatch locked, Duration duration) {
		synchronized (lock) {
			locked.countDown();
			SLEEP.block(duration);
		}
	}

}
