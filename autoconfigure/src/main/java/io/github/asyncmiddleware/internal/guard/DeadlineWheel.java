package io.github.asyncmiddleware.internal.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.internal.chain.Deadlines;
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
 */
public final class DeadlineWheel implements Deadlines, AutoCloseable {

	static final String THREAD_NAME = "async-middleware-deadlines";

	private static final long TICK = TimeUnit.MILLISECONDS.toNanos(5);

	private static final int SIZE = 512;

	/** How many ticks without a timer it takes to fall asleep. */
	private static final int RESTLESS = 200;

	private final Bucket[] buckets = new Bucket[SIZE];

	private final long origin = System.nanoTime();

	private final AtomicInteger timers = new AtomicInteger();

	/** Which tick the wheel has reached. Only written by its thread. */
	private volatile long reached = -1;

	private volatile boolean asleep;

	private volatile boolean closed;

	private volatile @Nullable Thread thread;

	/**
	 * Create a wheel that does not turn yet.
	 */
	public DeadlineWheel() {
		for (int i = 0; i < SIZE; i++) {
			this.buckets[i] = new Bucket();
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
		Timer timer = new Timer(this, task, (now() - this.origin + delay) / TICK + 1);
		this.timers.getAndIncrement();
		while (!bucket(timer.tick).tryAdd(timer)) {
			timer.tick = this.reached + 1;
		}
		Thread thread = this.thread;
		if (thread == null) {
			start();
		}
		else if (this.asleep) {
			LockSupport.unpark(thread);
		}
		return timer;
	}

	/**
	 * How many timers are set.
	 * @return the number
	 */
	public int timers() {
		return this.timers.get();
	}

	private Bucket bucket(long tick) {
		return this.buckets[(int) (tick & (SIZE - 1))];
	}

	private synchronized void start() {
		if (this.thread == null && !this.closed) {
			Thread thread = new Thread(this::turn, THREAD_NAME);
			thread.setDaemon(true);
			this.thread = thread;
			thread.start();
		}
	}

	private void turn() {
		int idle = 0;
		while (!this.closed) {
			long tick = (now() - this.origin) / TICK;
			List<Timer> due = new ArrayList<>(0);
			// After a pause of more than a round, each bucket once is enough
			for (long next = Math.max(this.reached + 1, tick - SIZE + 1); next <= tick; next++) {
				this.reached = next;
				bucket(next).removeDue(tick, due);
			}
			due.forEach(Timer::ring);
			idle = (this.timers.get() == 0) ? idle + 1 : 0;
			if (idle > RESTLESS) {
				sleep();
				idle = 0;
			}
			else {
				LockSupport.parkNanos(this, this.origin + (tick + 1) * TICK - now());
			}
		}
	}

	private void sleep() {
		this.asleep = true;
		while (this.timers.get() == 0 && !this.closed) {
			LockSupport.park(this);
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

	/**
	 * The timers that are due at the same place of the wheel, in this round or a later
	 * one.
	 */
	private final class Bucket {

		private @Nullable Timer first;

		/**
		 * Add a timer, if the wheel has not gone past.
		 */
		synchronized boolean tryAdd(Timer timer) {
			if (timer.tick <= DeadlineWheel.this.reached) {
				return false;
			}
			timer.bucket = this;
			timer.next = this.first;
			if (this.first != null) {
				this.first.previous = timer;
			}
			this.first = timer;
			return true;
		}

		synchronized boolean tryRemove(Timer timer) {
			if (timer.bucket != this) {
				return false;
			}
			timer.bucket = null;
			if (timer.previous != null) {
				timer.previous.next = timer.next;
			}
			else {
				this.first = timer.next;
			}
			if (timer.next != null) {
				timer.next.previous = timer.previous;
			}
			timer.previous = null;
			timer.next = null;
			return true;
		}

		synchronized void removeDue(long tick, List<Timer> due) {
			Timer timer = this.first;
			while (timer != null) {
				Timer next = timer.next;
				if (timer.tick <= tick && tryRemove(timer)) {
					due.add(timer);
				}
				timer = next;
			}
		}

	}

	/**
	 * One timer. Its links belong to the bucket that it is in.
	 */
	private static final class Timer implements Disposable {

		private final DeadlineWheel wheel;

		private final Runnable task;

		private long tick;

		private @Nullable Timer previous;

		private @Nullable Timer next;

		/** The bucket that it is in, until it rings or is taken back. */
		private volatile @Nullable Bucket bucket;

		Timer(DeadlineWheel wheel, Runnable task, long tick) {
			this.wheel = wheel;
			this.task = task;
			this.tick = tick;
		}

		void ring() {
			this.wheel.timers.getAndDecrement();
			try {
				Schedulers.parallel().schedule(this.task);
			}
			catch (RejectedExecutionException ex) {
				// The application is going down, and nothing else is left to do
				this.task.run();
			}
		}

		@Override
		public void dispose() {
			Bucket bucket = this.bucket;
			if (bucket != null && bucket.tryRemove(this)) {
				this.wheel.timers.getAndDecrement();
			}
		}

		@Override
		public boolean isDisposed() {
			return this.bucket == null;
		}

	}

}
