package io.github.asyncmiddleware.internal.sample;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * Fetches the samples that no further request has taken along, on a thread of its own, so
 * that no request has to schedule anything.
 * <p>
 * The thread is a daemon. It does not exist before a sample has to wait, sleeps after a
 * second without one, and ends after a minute.
 */
final class SampleFetcher implements Runnable {

	static final String THREAD_NAME = "async-middleware-samples";

	/** How many times without a sample it takes to fall asleep. */
	private static final int RESTLESS = 50;

	private static final long LONGEST_SLEEP = TimeUnit.MINUTES.toNanos(1);

	private final SampleBuffers buffers;

	private final RequestObserver observer;

	private final ThreadFactory threads;

	/**
	 * Whether the next producer has to wake the thread, or start it. Set by the thread
	 * before it looks at the buffers for the last time, and read by requests that have
	 * locked one: either it sees their samples, or they see that it sleeps.
	 */
	private volatile boolean asleep = true;

	/** Guarded by this. */
	private @Nullable Thread thread;

	private volatile boolean closed;

	/**
	 * Create a fetcher that has no thread yet.
	 * @param buffers where samples wait
	 * @param observer is told what fails
	 * @param threads makes the thread
	 */
	SampleFetcher(SampleBuffers buffers, RequestObserver observer, ThreadFactory threads) {
		this.buffers = buffers;
		this.observer = observer;
		this.threads = threads;
	}

	static Thread daemon(Runnable task) {
		// Started by a request, of which it must keep nothing
		Thread thread = new Thread(null, task, THREAD_NAME, 0, false);
		thread.setContextClassLoader(SampleFetcher.class.getClassLoader());
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * Make sure that samples are going to be fetched. Called while their buffer is
	 * locked.
	 * @return {@code false} if they are not
	 */
	boolean tryWake() {
		return !this.asleep || tryRouse();
	}

	private synchronized boolean tryRouse() {
		if (this.closed) {
			return false;
		}
		if (this.asleep) {
			Thread thread = this.thread;
			if (thread != null) {
				// In this order: a thread that wakes and is still asleep would go on
				// sleeping
				this.asleep = false;
				LockSupport.unpark(thread);
			}
			else {
				try {
					thread = this.threads.newThread(this);
					thread.start();
				}
				catch (Throwable ex) {
					this.observer.samplesFailed(ex);
					return false;
				}
				this.thread = thread;
				this.asleep = false;
			}
		}
		return true;
	}

	@Override
	public void run() {
		int idle = 0;
		while (!this.closed) {
			long next = fetch();
			idle = (next == SampleBuffers.NOTHING) ? idle + 1 : 0;
			if (idle <= RESTLESS) {
				park(Math.min(next, SampleBuffers.PATIENCE));
			}
			else if (trySleep()) {
				idle = 0;
			}
			else {
				return;
			}
		}
	}

	private long fetch() {
		try {
			return this.buffers.fetch();
		}
		catch (Throwable ex) {
			this.observer.samplesFailed(ex);
			return SampleBuffers.PATIENCE;
		}
	}

	/**
	 * Sleep until there are samples.
	 * @return {@code false} if there were none for so long that the thread has to end
	 */
	private boolean trySleep() {
		this.asleep = true;
		if (fetch() != SampleBuffers.NOTHING) {
			this.asleep = false;
			return true;
		}
		long start = System.nanoTime();
		while (this.asleep && !this.closed) {
			long left = LONGEST_SLEEP - (System.nanoTime() - start);
			if (left <= 0) {
				return !tryEnd();
			}
			park(left);
		}
		return true;
	}

	private synchronized boolean tryEnd() {
		if (this.asleep) {
			this.thread = null;
		}
		return this.asleep;
	}

	private void park(long nanoseconds) {
		LockSupport.parkNanos(this, nanoseconds);
		// A listener can have interrupted it, and it would not wait any more
		Thread.interrupted();
	}

	/**
	 * End the thread, and start none any more.
	 */
	void close() {
		Thread thread;
		synchronized (this) {
			this.closed = true;
			thread = this.thread;
		}
		if (thread != null) {
			LockSupport.unpark(thread);
			try {
				thread.join(TimeUnit.SECONDS.toMillis(1));
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

}
