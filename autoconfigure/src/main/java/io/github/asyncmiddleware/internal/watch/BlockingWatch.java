package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;

/**
 * Finds the code that blocks a thread which serves requests, by looking at what each of
 * them is inside of several times while the threshold passes.
 * <p>
 * A look that comes late means that the whole process stood still, be it for a garbage
 * collection, a stop signal or a laptop that was closed. However late it is, it counts
 * for two periods at most, which is not enough to accuse any code. Where the system tells
 * that it was late because the machine has too much to do, it counts. Belongs to one
 * thread.
 */
final class BlockingWatch {

	private static final int LOOKS_PER_THRESHOLD = 5;

	private static final int MAX_LATENESS = 2;

	private static final long MIN_PERIOD = Duration.ofMillis(5).toNanos();

	private static final long MAX_PERIOD = Duration.ofMillis(200).toNanos();

	private static final Duration LONGEST = Duration.ofDays(1);

	/** How long to look on after the last request. */
	private static final long ALERT = Duration.ofSeconds(1).toNanos();

	/** One stack more to look at, per period, without a suspicion. */
	private static final int THREADS_PER_STACK = 8;

	private static final int MAX_STACKS = 16;

	private final ThreadActivities activities;

	private final ThreadProbe probe;

	private final MiddlewareFrames frames;

	private final BlockingReporter reporter;

	private final long threshold;

	private final long period;

	private final Map<ThreadActivity, WatchedThread> threads = new IdentityHashMap<>();

	private boolean begun;

	/** How many looks at a stack were granted. */
	private long granted;

	private long lastLook;

	private long lastRequest;

	private long lastCleaning;

	private long classes;

	private boolean loadingClasses;

	private boolean punctual;

	/** At the last look, or negative if it was not looked at. */
	private long processorDelay = -1;

	private int stacks = MAX_STACKS;

	/**
	 * Create a watch.
	 * @param activities what the threads are doing
	 * @param probe how to find out more
	 * @param middlewares the middlewares that can be on a stack
	 * @param reporter the reporter
	 * @param threshold how long a thread may be blocked
	 */
	BlockingWatch(ThreadActivities activities, ThreadProbe probe, List<Middleware> middlewares,
			BlockingReporter reporter, Duration threshold) {
		this.activities = activities;
		this.probe = probe;
		this.frames = new MiddlewareFrames(middlewares);
		this.reporter = reporter;
		this.threshold = ((threshold.compareTo(LONGEST) < 0) ? threshold : LONGEST).toNanos();
		this.period = Math.min(Math.max(this.threshold / LOOKS_PER_THRESHOLD, MIN_PERIOD), MAX_PERIOD);
	}

	/**
	 * How often to look, in nanoseconds.
	 */
	long period() {
		return this.period;
	}

	/**
	 * Look at all threads.
	 * @param now the time, in nanoseconds
	 */
	void look(long now) {
		if (!this.begun) {
			this.begun = true;
			this.lastLook = now;
			this.lastRequest = now;
			this.lastCleaning = now;
			this.probe.threads().forEach(this.activities::add);
		}
		long elapsed = now - this.lastLook;
		this.lastLook = now;
		this.punctual = elapsed < MAX_LATENESS * this.period;
		long time = Math.min(elapsed, MAX_LATENESS * this.period + waitedForProcessor(elapsed));
		this.stacks = Math.min(this.stacks + 1 + this.threads.size() / THREADS_PER_STACK, MAX_STACKS);
		lookForClasses();
		boolean busy = now - this.lastRequest < ALERT || !this.activities.hasNothingInFlight();
		boolean active = false;
		boolean waiting = false;
		for (ThreadActivity activity : inTurn(this.activities.watched())) {
			WatchedThread thread = this.threads.computeIfAbsent(activity, (key) -> new WatchedThread(key, this));
			active |= thread.look(time, busy);
			waiting |= thread.isInOnePlace();
		}
		this.processorDelay = waiting ? this.probe.processorDelay() : -1;
		if (active) {
			this.lastRequest = now;
		}
		if (now - this.lastCleaning >= ALERT) {
			this.lastCleaning = now;
			forgetEnded();
			this.probe.threads().forEach(this.activities::add);
		}
	}

	/**
	 * Begin where the looks at stacks have ended last time, so that the last ones are not
	 * those for which there is never one left.
	 */
	private List<ThreadActivity> inTurn(List<ThreadActivity> watched) {
		List<ThreadActivity> threads = new ArrayList<>(watched);
		Collections.rotate(threads, -(int) (this.granted % Math.max(threads.size(), 1)));
		return threads;
	}

	/**
	 * How much of the time since the last look this thread would have liked to look, and
	 * was not given a processor. Then it was not the process that stood still.
	 */
	private long waitedForProcessor(long elapsed) {
		if (elapsed <= MAX_LATENESS * this.period || this.processorDelay < 0) {
			return 0;
		}
		return Math.max(this.probe.processorDelay() - this.processorDelay, 0);
	}

	/**
	 * What runs for the first time is slow, and that cannot be helped.
	 */
	private void lookForClasses() {
		long classes = this.probe.loadedClasses();
		this.loadingClasses = classes != this.classes;
		this.classes = classes;
	}

	private void forgetEnded() {
		for (WatchedThread thread : List.copyOf(this.threads.values())) {
			ThreadActivity activity = thread.activity();
			if (this.probe.state(activity.thread()) == Thread.State.TERMINATED) {
				thread.end();
				this.threads.remove(activity);
				this.activities.forget(activity);
			}
		}
	}

	/**
	 * Whether nothing can be missed without a look until the next request begins.
	 * @param now the time, in nanoseconds
	 */
	boolean isIdle(long now) {
		return this.begun && now - this.lastRequest >= ALERT && this.activities.hasNothingInFlight()
				&& this.activities.watched().size() == this.threads.size()
				&& this.threads.values().stream().noneMatch((thread) -> thread.isSuspicious() || thread.hasMoved());
	}

	/**
	 * Report what is not over yet, and forget everything.
	 */
	void end() {
		this.threads.values().forEach(WatchedThread::end);
		this.threads.clear();
		this.begun = false;
	}

	ThreadProbe probe() {
		return this.probe;
	}

	MiddlewareFrames frames() {
		return this.frames;
	}

	/**
	 * Whether a thread is inside a request of another application.
	 */
	boolean isElsewhere(Thread thread) {
		return this.activities.isElsewhere(thread);
	}

	long threshold() {
		return this.threshold;
	}

	/**
	 * Whether this look came when it should have.
	 */
	boolean isPunctual() {
		return this.punctual;
	}

	/**
	 * Whether classes were loaded since the last look.
	 */
	boolean isLoadingClasses() {
		return this.loadingClasses;
	}

	/**
	 * Ask to look at the stack of a thread that nothing is known against.
	 */
	boolean mayLookAtStack() {
		if (this.stacks == 0) {
			return false;
		}
		this.stacks--;
		this.granted++;
		return true;
	}

	void accuse(@Nullable Middleware middleware, Thread thread, long nanoseconds, StackTraceElement[] stack) {
		int place = (middleware != null) ? this.frames.indexOf(stack, middleware) : -1;
		this.reporter.blocks(middleware, thread.getName(), nanoseconds, stack, place);
	}

	/**
	 * A thread is free again.
	 * @param nanoseconds for how long it was seen blocked
	 */
	void ended(@Nullable Middleware middleware, long nanoseconds) {
		this.reporter.hasBlocked(middleware, nanoseconds + this.period, false);
	}

	/**
	 * A thread goes on to be blocked, or was until now.
	 * @param nanoseconds for how long it was, since that was reported
	 * @param further whether it was reported before
	 */
	void goesOn(@Nullable Middleware middleware, long nanoseconds, boolean further) {
		this.reporter.hasBlocked(middleware, nanoseconds, further);
	}

}
