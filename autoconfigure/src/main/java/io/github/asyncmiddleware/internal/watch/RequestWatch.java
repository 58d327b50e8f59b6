package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.guard.LogNames;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that watches over the requests of an application: code that blocks a
 * thread that serves them, and those that wait for too long. It sleeps while there are no
 * requests.
 */
public final class RequestWatch {

	static final String THREAD_NAME = "async-middleware-watch";

	private static final Log logger = LogFactory.getLog(LogNames.BLOCKING);

	private static final long MAX_SLEEP = Duration.ofSeconds(1).toNanos();

	private static final Duration JOIN = Duration.ofSeconds(5);

	private final ThreadActivities activities;

	private final @Nullable BlockingWatch blocking;

	private final @Nullable StuckRequests stuck;

	private final Ticker ticker;

	/** Guarded by this. */
	private @Nullable Loop loop;

	private RequestWatch(ThreadActivities activities, @Nullable BlockingWatch blocking, @Nullable StuckRequests stuck,
			Ticker ticker) {
		this.activities = activities;
		this.blocking = blocking;
		this.stuck = stuck;
		this.ticker = ticker;
	}

	/**
	 * Create a watch that has not been started.
	 * @param middlewares the middlewares there are; without any there is nothing to watch
	 * @param listeners the listeners for blocked threads
	 * @param threshold how long a thread may be blocked, or {@code null} not to watch
	 * that
	 * @param stuckAfter how long a request may wait for a middleware, or {@code null} not
	 * to watch that
	 * @param active where to put how many do
	 * @param ticker the clock
	 * @return the watch
	 */
	public static RequestWatch create(List<Middleware> middlewares, List<RequestListener> listeners,
			@Nullable Duration threshold, @Nullable Duration stuckAfter, ActiveRequests active, Ticker ticker) {
		return create(middlewares, false, listeners, threshold, stuckAfter, active, ticker);
	}

	/**
	 * Create a watch that has not been started.
	 * @param middlewares the middlewares there are
	 * @param more whether {@link #onMeasured} may tell of more; without, and without any
	 * middleware, there is nothing to watch
	 * @param listeners the listeners for blocked threads
	 * @param threshold how long a thread may be blocked, or {@code null} not to watch
	 * that
	 * @param stuckAfter how long a request may wait for a middleware, or {@code null} not
	 * to watch that
	 * @param active where to put how many do
	 * @param ticker the clock
	 * @return the watch
	 */
	public static RequestWatch create(List<Middleware> middlewares, boolean more, List<RequestListener> listeners,
			@Nullable Duration threshold, @Nullable Duration stuckAfter, ActiveRequests active, Ticker ticker) {
		if ((middlewares.isEmpty() && !more) || (threshold == null && stuckAfter == null)) {
			return new RequestWatch(ThreadActivities.NONE, null, null, ticker);
		}
		ThreadActivities activities = new ThreadActivities();
		BlockingWatch blocking = (threshold != null) ? new BlockingWatch(activities, new ThreadProbe.OfVirtualMachine(),
				middlewares, new BlockingReporter(listeners, ticker), threshold) : null;
		StuckRequests stuck = (stuckAfter != null)
				? new StuckRequests(activities, middlewares, active, stuckAfter, ticker) : null;
		return new RequestWatch(activities, blocking, stuck, ticker);
	}

	/**
	 * Where the engine notes what it does.
	 * @return the activities, {@link ThreadActivities#NONE} if there is nothing to watch
	 */
	public ThreadActivities activities() {
		return this.activities;
	}

	/**
	 * Watch over foreign filters, too.
	 * @param filters the filters, in the shape of middlewares
	 */
	public void onMeasured(List<Middleware> filters) {
		if (this.blocking != null) {
			this.blocking.frames().add(filters);
		}
		if (this.stuck != null) {
			this.stuck.add(filters);
		}
	}

	/**
	 * Begin to watch, unless that has happened or there is nothing to watch.
	 */
	public synchronized void start() {
		if (this.loop == null && this.activities != ThreadActivities.NONE) {
			this.loop = new Loop();
			this.loop.thread.start();
		}
	}

	/**
	 * Stop watching, for now. The thread has ended on return.
	 */
	public synchronized void stop() {
		Loop loop = this.loop;
		this.loop = null;
		if (loop != null) {
			loop.stop();
		}
	}

	/**
	 * Stop watching for good, and let go of all requests.
	 */
	public void close() {
		stop();
		this.activities.close();
	}

	/**
	 * Whether it watches now.
	 * @return {@code true} if there is a thread
	 */
	public synchronized boolean isRunning() {
		return this.loop != null;
	}

	/**
	 * One run of the thread.
	 */
	private final class Loop implements Runnable {

		private final Thread thread = new Thread(this, THREAD_NAME);

		private volatile boolean stopped;

		private boolean failed;

		/** The thread was ready to be woken by a request, and has not waited since. */
		private boolean roused;

		private long nextBlocking;

		private long nextStuck;

		Loop() {
			this.thread.setDaemon(true);
		}

		@Override
		public void run() {
			long now = RequestWatch.this.ticker.read();
			this.nextBlocking = now;
			this.nextStuck = now;
			while (!this.stopped) {
				try {
					look(RequestWatch.this.ticker.read());
				}
				catch (Throwable ex) {
					failed(ex);
				}
				try {
					sleep();
				}
				catch (Throwable ex) {
					failed(ex);
					park(MAX_SLEEP);
				}
			}
			try {
				end();
			}
			catch (Throwable ex) {
				failed(ex);
			}
		}

		private void look(long now) {
			BlockingWatch blocking = RequestWatch.this.blocking;
			if (blocking != null && now - this.nextBlocking >= 0) {
				this.nextBlocking = now + blocking.period();
				blocking.look(now);
			}
			StuckRequests stuck = RequestWatch.this.stuck;
			if (stuck != null && now - this.nextStuck >= 0) {
				this.nextStuck = now + stuck.period();
				stuck.look(now);
				if (blocking == null) {
					// Which does that itself
					RequestWatch.this.activities.forgetEnded();
				}
			}
		}

		private void failed(Throwable ex) {
			if (!this.failed) {
				this.failed = true;
				try {
					logger.warn("Could not watch the requests. They are not affected; further failures are not logged",
							ex);
				}
				catch (Throwable logFailure) {
					// What is watched matters more
				}
			}
		}

		private void sleep() {
			long now = RequestWatch.this.ticker.read();
			// A watch that is idle between any two requests is not to be woken by each of
			// them
			if (this.roused || !isIdle(now)) {
				this.roused = false;
				park(untilNext(now));
				return;
			}
			RequestWatch.this.activities.wake(this.thread);
			try {
				// A request may have come before that
				if (isIdle(now)) {
					park(MAX_SLEEP);
				}
			}
			finally {
				RequestWatch.this.activities.wake(null);
				this.roused = true;
			}
		}

		private boolean isIdle(long now) {
			BlockingWatch blocking = RequestWatch.this.blocking;
			StuckRequests stuck = RequestWatch.this.stuck;
			return RequestWatch.this.activities.hasNothingInFlight() && (blocking == null || blocking.isIdle(now))
					&& (stuck == null || stuck.isIdle());
		}

		private long untilNext(long now) {
			long next = Long.MAX_VALUE;
			if (RequestWatch.this.blocking != null) {
				next = Math.min(next, this.nextBlocking - now);
			}
			if (RequestWatch.this.stuck != null) {
				next = Math.min(next, this.nextStuck - now);
			}
			return next;
		}

		private void park(long nanoseconds) {
			if (nanoseconds > 0 && !this.stopped) {
				LockSupport.parkNanos(this, nanoseconds);
				// Nothing has a reason to interrupt it, and it would not sleep any more
				Thread.interrupted();
			}
		}

		private void end() {
			try {
				if (RequestWatch.this.blocking != null) {
					RequestWatch.this.blocking.end();
				}
			}
			finally {
				if (RequestWatch.this.stuck != null) {
					RequestWatch.this.stuck.end();
				}
			}
		}

		void stop() {
			this.stopped = true;
			LockSupport.unpark(this.thread);
			boolean interrupted = false;
			try {
				this.thread.join(JOIN.toMillis());
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}

	}

}
