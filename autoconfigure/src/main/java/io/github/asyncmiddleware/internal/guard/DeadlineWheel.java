package io.github.asyncmiddleware.internal.guard;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Schedulers;

/**
 * Calls back after a while. To set a timer and to take it back costs the same however
 * many there are, which is what deadlines need: nearly all are taken back.
 * <p>
 * A hashed timing wheel (Varghese and Lauck, 1987, scheme 6). A timer rings up to two
 * ticks late and never early. The thread that turns the wheel is a daemon, does not exist
 * before there is a timer, and sleeps when there are none. Tasks run on
 * {@link Schedulers#parallel()}.
 * <p>
 * All deadlines of an application depend on that one thread, so nothing that is thrown
 * ends it. A timer that the scheduler does not take is offered once more with the next
 * tick, so that a passing failure brings no foreign code onto the thread of the wheel;
 * when that fails too, its task runs there, since a late deadline is better than none.
 */
public final class DeadlineWheel implements Deadlines, AutoCloseable {

	static final String THREAD_NAME = "async-middleware-deadlines";

	private static final Log logger = LogFactory.getLog(DeadlineWheel.class);

	private static final long TICK = TimeUnit.MILLISECONDS.toNanos(5);

	private static final int SIZE = 512;

	/** How many ticks without a timer it takes to fall asleep. */
	private static final int RESTLESS = 200;

	private final WheelBucket[] buckets = new WheelBucket[SIZE];

	private final long origin = System.nanoTime();

	private final AtomicInteger timers = new AtomicInteger();

	private final ThreadFactory threads;

	/** Timers to ring now. Belongs to the thread of the wheel, as does the next. */
	private @Nullable WheelTimer due;

	/** Timers to ring with the next tick. */
	private @Nullable WheelTimer again;

	/** Which tick the wheel has reached. Only written by its thread. */
	private volatile long reached = -1;

	private volatile boolean asleep;

	private volatile boolean closed;

	private volatile @Nullable Thread thread;

	/** Whether a failure was logged; a race only logs once more. */
	private volatile boolean failed;

	/**
	 * Create a wheel that does not turn yet.
	 */
	public DeadlineWheel() {
		this(DeadlineWheel::daemon);
	}

	/**
	 * Create a wheel that does not turn yet.
	 * @param threads makes the thread that will turn it
	 */
	DeadlineWheel(ThreadFactory threads) {
		this.threads = threads;
		for (int i = 0; i < SIZE; i++) {
			this.buckets[i] = new WheelBucket(this);
		}
	}

	@Override
	public long now() {
		return System.nanoTime();
	}

	@Override
	public Disposable schedule(Runnable task, long delay) {
		if (this.closed) {
			return Disposables.disposed();
		}
		WheelTimer timer = new WheelTimer(this, task, (now() - this.origin + delay) / TICK + 1);
		this.timers.getAndIncrement();
		while (!bucket(timer.tick).tryAdd(timer)) {
			timer.tick = this.reached + 1;
		}
		Thread thread = this.thread;
		if (thread == null) {
			return tryStart() ? timer : withoutWheel(timer, delay);
		}
		if (this.asleep) {
			LockSupport.unpark(thread);
		}
		return timer;
	}

	/**
	 * Leave a timer to Reactor, as there is no thread that would turn the wheel.
	 */
	private Disposable withoutWheel(WheelTimer timer, long delay) {
		try {
			Disposable replacement = Schedulers.parallel().schedule(timer, delay, TimeUnit.NANOSECONDS);
			timer.dispose();
			return replacement;
		}
		catch (Throwable ex) {
			// It stays where it is, and rings once the thread can be started
			failed("Could not set a timer", ex);
			return timer;
		}
	}

	/**
	 * How many timers are set.
	 * @return the number
	 */
	public int timers() {
		return this.timers.get();
	}

	/**
	 * Which tick the wheel has reached.
	 */
	long reached() {
		return this.reached;
	}

	/**
	 * A timer has left the wheel.
	 */
	void removed() {
		this.timers.getAndDecrement();
	}

	private WheelBucket bucket(long tick) {
		return this.buckets[(int) (tick & (SIZE - 1))];
	}

	private synchronized boolean tryStart() {
		if (this.thread == null && !this.closed) {
			try {
				Thread thread = this.threads.newThread(this::turn);
				thread.start();
				this.thread = thread;
			}
			catch (Throwable ex) {
				// Most likely there are too many threads
				failed("Could not start the thread that deadlines depend on, which is tried again with the next one",
						ex);
				return false;
			}
		}
		return true;
	}

	private static Thread daemon(Runnable task) {
		// Started by a request, of which it must keep nothing
		Thread thread = new Thread(null, task, THREAD_NAME, 0, false);
		thread.setContextClassLoader(DeadlineWheel.class.getClassLoader());
		thread.setDaemon(true);
		return thread;
	}

	private void turn() {
		int idle = 0;
		while (!this.closed) {
			long tick = (now() - this.origin) / TICK;
			try {
				turnTo(tick);
			}
			catch (Throwable ex) {
				failed("Could not turn the wheel of deadlines", ex);
			}
			idle = (this.timers.get() == 0 && this.due == null) ? idle + 1 : 0;
			if (idle > RESTLESS) {
				sleep();
				idle = 0;
			}
			else {
				LockSupport.parkNanos(this, this.origin + (tick + 1) * TICK - now());
			}
			// No task has a reason to interrupt it, and it would not wait any more
			Thread.interrupted();
		}
	}

	void turnTo(long tick) {
		// After a pause of more than a round, each bucket once is enough
		for (long next = Math.max(this.reached + 1, tick - SIZE + 1); next <= tick; next++) {
			this.reached = next;
			this.due = bucket(next).removeDue(tick, this.due);
		}
		for (WheelTimer timer = this.due; timer != null; timer = this.due) {
			this.due = timer.next;
			timer.next = null;
			ring(timer);
		}
		this.due = this.again;
		this.again = null;
	}

	private void ring(WheelTimer timer) {
		try {
			Schedulers.parallel().schedule(timer);
		}
		catch (RejectedExecutionException ex) {
			// The application is going down, and nothing else is left to do
			runHere(timer);
		}
		catch (Throwable ex) {
			failed("Could not have a deadline handled by Schedulers.parallel()", ex);
			if (timer.isOfferedAgain) {
				runHere(timer);
			}
			else {
				timer.isOfferedAgain = true;
				timer.next = this.again;
				this.again = timer;
			}
		}
	}

	private void runHere(WheelTimer timer) {
		try {
			timer.run();
		}
		catch (Throwable ex) {
			failed("Could not handle a deadline", ex);
		}
	}

	/**
	 * Say what has failed, if even that is possible.
	 */
	private void failed(String what, Throwable ex) {
		try {
			if (!this.failed) {
				this.failed = true;
				logger.warn(what + ". Other deadlines are not affected; further failures are logged at debug level",
						ex);
			}
			else {
				logger.debug(what, ex);
			}
		}
		catch (Throwable logFailure) {
			// Deadlines matter more
		}
	}

	private void sleep() {
		this.asleep = true;
		while (this.timers.get() == 0 && !this.closed) {
			LockSupport.park(this);
			Thread.interrupted();
		}
		this.asleep = false;
	}

	/**
	 * Stop the wheel. Timers that are set do not ring any more.
	 */
	@Override
	public synchronized void close() {
		this.closed = true;
		Thread thread = this.thread;
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
