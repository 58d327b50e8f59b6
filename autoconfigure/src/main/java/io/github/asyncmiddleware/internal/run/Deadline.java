package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Subscriber of the work of a middleware that gives the work up when the middleware has
 * exceeded its timeout.
 * <p>
 * Its clock stands while the rest of the chain runs, and what {@link RequestRun#waited}
 * tells does not count. What changes its word decides: the work that ends, the middleware
 * that hands over, or the deadline.
 *
 * @param <T> what the work gives
 */
class Deadline<T> extends DeadlineWord implements CoreSubscriber<T>, Subscription, Scannable, Runnable {

	/**
	 * A timer is not set for less, so that a clock that is a little late costs little.
	 */
	private static final long SHORTEST = 1_000_000;

	private final CoreSubscriber<? super T> actual;

	private final Deadlines deadlines;

	private final RequestRun run;

	// Written in the lock. The timer reads them without it, and does nothing where the
	// state has changed

	/** What the middleware had left when its clock was started last, in nanoseconds. */
	private long left;

	private long started;

	/** How long the request had been waiting for what is not counted by then. */
	private long waitedBefore;

	private volatile @Nullable Disposable timer;

	private volatile @Nullable Subscription subscription;

	/**
	 * Create a deadline.
	 * @param actual the subscriber of the work
	 * @param deadlines calls back
	 * @param run the request
	 * @param left the time that the middleware has, in nanoseconds
	 */
	Deadline(CoreSubscriber<? super T> actual, Deadlines deadlines, RequestRun run, long left) {
		this.actual = actual;
		this.deadlines = deadlines;
		this.run = run;
		this.left = left;
	}

	/**
	 * Start the work and the clock, in the order in which signals may come: the timer can
	 * ring before this thread goes on.
	 */
	final void subscribeTo(Publisher<? extends T> work) {
		this.actual.onSubscribe(this);
		startOwn();
		work.subscribe(this);
	}

	/**
	 * Start the clock if the time is that of the middleware.
	 */
	final void startOwn() {
		// What hands over in this moment looks at the clock after that, so one of the two
		// sees the other
		if (isOwn() && startClock() && !isOwn()) {
			stopClock();
		}
	}

	/**
	 * Whether the time is that of the middleware when its work is subscribed to.
	 */
	boolean isOwn() {
		return true;
	}

	/**
	 * The time is that of the middleware again, if the work is not over.
	 * @return whether the clock was started
	 */
	final boolean startClock() {
		int running;
		long left;
		synchronized (this) {
			int stopped = word();
			if (phase(stopped) != STOPPED) {
				return false;
			}
			this.started = this.deadlines.now();
			this.waitedBefore = this.run.waited(isShown());
			running = started(stopped);
			left = this.left;
			if (!tryMark(stopped, running)) {
				return false;
			}
		}
		setTimer(running, left);
		return true;
	}

	/**
	 * The time is not that of the middleware any more.
	 * @return {@code false} if it has been used up, so that the middleware may not do
	 * what it is about to do
	 */
	final boolean stopClock() {
		if (phase(word()) == RUNNING) {
			synchronized (this) {
				int word = word();
				long left = this.left - spent();
				if (phase(word) == RUNNING && tryMark(word, word | STOPPED)) {
					this.left = left;
					clearTimer();
				}
			}
		}
		return !hasPassed();
	}

	/**
	 * What is left of the time.
	 * @return nanoseconds, not positive if nothing is
	 */
	final synchronized long left() {
		return (phase(word()) == RUNNING) ? this.left - spent() : this.left;
	}

	private long spent() {
		return this.deadlines.now() - this.started - (this.run.waited(isShown()) - this.waitedBefore);
	}

	private void setTimer(int running, long delay) {
		Disposable timer = this.deadlines.schedule(this, Math.max(delay, SHORTEST));
		synchronized (this) {
			if (word() == running) {
				clearTimer();
				this.timer = timer;
			}
		}
		if (word() != running) {
			timer.dispose();
		}
	}

	private void clearTimer() {
		Disposable timer = this.timer;
		if (timer != null) {
			timer.dispose();
		}
	}

	/**
	 * The timer has rung. It knows nothing of what was waited for meanwhile.
	 */
	@Override
	public final void run() {
		int running = word();
		if (phase(running) != RUNNING || isPointless()) {
			return;
		}
		if (!this.run.tryAcquire()) {
			// Ended by something that no signal carries, else this would not be running
			cancel();
			return;
		}
		try {
			rung(running);
		}
		finally {
			this.run.release();
		}
	}

	private void rung(int running) {
		long left = this.left - spent();
		if (left > 0 || this.run.isWaitingForClient() || (this.run.isLeaving() && !isShown())) {
			setTimer(running, left);
		}
		else if (tryMark(running, running | PASSED)) {
			// The rest of the chain may follow on this thread, which has the
			// thread-locals of no request. Reactor sets those of a context here
			Mono.fromRunnable(this::passed).contextWrite(currentContext()).subscribe();
		}
	}

	/** Whether the response that is on its way is shown to the middleware. */
	boolean isShown() {
		return false;
	}

	/** Whether it is too late to do anything about it. */
	boolean isPointless() {
		return false;
	}

	/**
	 * The time was used up, and the work is not going to be heard of any more.
	 */
	void passed() {
		cancelWork();
		this.actual.onError(new DeadlineException());
	}

	final void cancelWork() {
		Subscription subscription = this.subscription;
		if (subscription == null) {
			return;
		}
		try {
			subscription.cancel();
		}
		catch (RuntimeException | LinkageError ex) {
			// The request goes on although the work breaks rule 3.15 of Reactive Streams
			Operators.onErrorDropped(ex, currentContext());
		}
	}

	/**
	 * The work may have ended, or was cancelled.
	 * @param before the word before that
	 * @return whether it was alive until then
	 */
	private boolean ended(int before) {
		boolean alive = isAlive(before);
		if (alive) {
			clearTimer();
		}
		return alive;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			if (isAlive(word())) {
				subscription.request(Long.MAX_VALUE);
			}
			else {
				subscription.cancel();
			}
		}
	}

	@Override
	public void onNext(T value) {
		if (phase(word()) == RUNNING) {
			this.actual.onNext(value);
		}
	}

	@Override
	public void onError(Throwable ex) {
		if (ended(markOver())) {
			this.actual.onError(ex);
		}
	}

	@Override
	public void onComplete() {
		if (ended(markOver())) {
			this.actual.onComplete();
		}
	}

	@Override
	public void request(long n) {
	}

	@Override
	public void cancel() {
		int before = markCancelled();
		if (ended(before)) {
			cancelWork();
		}
		else if (phase(before) == PASSED) {
			cancelledLate();
		}
	}

	/**
	 * The work is cancelled whose time was used up. The thread of the timer may not have
	 * cancelled it yet.
	 */
	void cancelledLate() {
	}

	@Override
	@SuppressWarnings("rawtypes")
	public @Nullable Object scanUnsafe(Attr key) {
		if (key == Attr.PARENT) {
			return this.subscription;
		}
		if (key == Attr.ACTUAL) {
			return this.actual;
		}
		return (key == Attr.RUN_STYLE) ? Attr.RunStyle.SYNC : null;
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

}
