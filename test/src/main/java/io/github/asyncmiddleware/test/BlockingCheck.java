package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.guard.Documentation;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;

/**
 * Looks, while a test waits, at the threads that must not block, and fails the test if
 * the code of a middleware blocks one. Belongs to the thread that tests.
 * <p>
 * The engine marks a thread while it calls a middleware. Where other code calls it, such
 * as a timer or a client behind an asynchronous step, the middleware is the one that the
 * request waits for, if its code is on the stack.
 * <p>
 * A thread that waits or reads in the same place for some milliseconds counts. What a
 * thread does when it loads a class, writes a log or starts a task does not, nor does
 * what computes.
 */
final class BlockingCheck {

	private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(2);

	private static final long THRESHOLD = TimeUnit.MILLISECONDS.toNanos(10);

	/** A lock can be held by a thread that only waits for a processor. */
	private static final long LOCK_THRESHOLD = TimeUnit.MILLISECONDS.toNanos(100);

	private static final int MAX_FRAMES = 20;

	private static final List<String> ALLOWED = List.of("java.lang.ClassLoader", "jdk.internal.loader.",
			"java.util.logging.", "ch.qos.logback.", "org.apache.logging.");

	/** Methods of executors that start a task. Others of them run it. */
	private static final Set<String> STARTING = Set.of("execute", "delayedExecute", "addWorker");

	private static final List<String> READING = List.of("sun.nio.ch.", "java.net.", "java.io.FileInputStream",
			"java.io.RandomAccessFile");

	private static final String LOCK = "java.util.concurrent.locks.Reentrant";

	private final ThreadActivities activities;

	private final TestedExchange exchange;

	private final boolean enabled;

	/** Threads that were waiting at the last look. */
	private final Map<ThreadActivity, Suspicion> suspicions = new HashMap<>();

	/**
	 * Create a check.
	 * @param activities what the threads are doing
	 * @param exchange what is waited for
	 * @param enabled whether to look at all
	 */
	BlockingCheck(ThreadActivities activities, TestedExchange exchange, boolean enabled) {
		this.activities = activities;
		this.exchange = exchange;
		this.enabled = enabled;
	}

	/**
	 * Wait for something.
	 * @param event counted down when it has happened
	 * @param limit how long to wait
	 * @return whether it has happened
	 * @throws AssertionError if a middleware blocks a thread meanwhile
	 */
	boolean await(CountDownLatch event, Duration limit) {
		RemainingTime time = new RemainingTime(limit);
		long left = time.look();
		try {
			while (!event.await(Math.min(LOOK, left), TimeUnit.NANOSECONDS)) {
				look();
				left = time.look();
				if (left == 0) {
					return false;
				}
			}
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while a request is running", ex);
		}
		finally {
			this.suspicions.clear();
		}
	}

	private void look() {
		if (this.enabled) {
			SharedThreads.live().forEach(this.activities::add);
			for (ThreadActivity activity : this.activities.watched()) {
				look(activity);
			}
		}
	}

	private void look(ThreadActivity activity) {
		if (activity.thread().getState() == Thread.State.TERMINATED) {
			this.activities.forget(activity);
		}
		Suspicion current = suspect(activity);
		if (current == null) {
			this.suspicions.remove(activity);
			return;
		}
		Suspicion before = this.suspicions.get(activity);
		if (before == null || !before.isSame(current)) {
			this.suspicions.put(activity, current);
		}
		else if (System.nanoTime() - before.since >= threshold(current.stack)) {
			throw blocked(current.step.middleware(), current.stack);
		}
	}

	private @Nullable Suspicion suspect(ThreadActivity activity) {
		long visits = activity.visits();
		boolean marked = activity.request() != null;
		RequestRecord request = marked ? activity.request() : this.exchange.record();
		StepRecord step = marked ? activity.place() : awaited(request);
		Thread.State state = activity.thread().getState();
		if (request == null || step == null || state == Thread.State.BLOCKED) {
			return null;
		}
		StackTraceElement[] stack = activity.thread().getStackTrace();
		boolean waits = state != Thread.State.RUNNABLE || isReading(stack);
		boolean suspicious = waits && !isAllowed(stack) && (marked
				|| (contains(stack, step.middleware()) && this.exchange.sharedThreads().hasMoved(activity.thread())));
		return suspicious ? new Suspicion(visits, request, step, stack, System.nanoTime()) : null;
	}

	private static @Nullable StepRecord awaited(@Nullable RequestRecord request) {
		return (request != null) ? request.awaited() : null;
	}

	private static boolean contains(StackTraceElement[] stack, Middleware middleware) {
		return Arrays.stream(stack).anyMatch((frame) -> isIn(frame, middleware.type().getName()));
	}

	private static long threshold(StackTraceElement[] stack) {
		boolean lock = Arrays.stream(stack)
			.anyMatch((frame) -> frame.getClassName().startsWith(LOCK) && frame.getMethodName().startsWith("lock"));
		return lock ? LOCK_THRESHOLD : THRESHOLD;
	}

	private static boolean isReading(StackTraceElement[] stack) {
		return stack.length > 0 && stack[0].isNativeMethod()
				&& READING.stream().anyMatch(stack[0].getClassName()::startsWith);
	}

	private static boolean isAllowed(StackTraceElement[] stack) {
		return stack.length == 0 || Arrays.stream(stack).anyMatch(BlockingCheck::isAllowed);
	}

	private static boolean isAllowed(StackTraceElement frame) {
		return ALLOWED.stream().anyMatch(frame.getClassName()::startsWith)
				|| (frame.getClassName().endsWith("ThreadPoolExecutor") && STARTING.contains(frame.getMethodName()));
	}

	/**
	 * Say that a middleware blocks a thread.
	 * @param middleware the middleware
	 * @param stack where the thread is
	 * @return the error to throw
	 */
	static AssertionError blocked(Middleware middleware, StackTraceElement[] stack) {
		return new AssertionError("[blocked_event_loop] The " + middleware
				+ " blocks the thread that it is called on, which serves other requests too."
				+ " Wait without blocking, or move the code to a hook with blocking = true."
				+ Documentation.see("blocking", "blocked_event_loop") + describe(stack, middleware.type().getName()));
	}

	/**
	 * The topmost frames, down to the code of the middleware.
	 */
	private static String describe(StackTraceElement[] stack, String type) {
		int last = 0;
		while (last < stack.length && !isIn(stack[last], type)) {
			last++;
		}
		int count = (last < stack.length) ? last + 1 : MAX_FRAMES;
		return Arrays.stream(stack)
			.limit(count)
			.map((frame) -> "\n\tat " + describe(frame))
			.collect(Collectors.joining());
	}

	/**
	 * As in the stack trace of an exception, without modules and class loaders.
	 */
	private static String describe(StackTraceElement frame) {
		String place = (frame.getFileName() != null) ? frame.getFileName() + ":" + frame.getLineNumber()
				: "Unknown Source";
		return frame.getClassName() + "." + frame.getMethodName() + "("
				+ (frame.isNativeMethod() ? "Native Method" : place) + ")";
	}

	private static boolean isIn(StackTraceElement frame, String type) {
		return frame.getClassName().equals(type) || frame.getClassName().startsWith(type + "$");
	}

	/**
	 * A thread that was found waiting.
	 *
	 * @param visits how often it had entered a request
	 * @param request the request
	 * @param step the middleware whose code it was in
	 * @param stack where it was
	 * @param since when it was found there first
	 */
	private record Suspicion(long visits, RequestRecord request, StepRecord step, StackTraceElement[] stack,
			long since) {

		boolean isSame(Suspicion other) {
			return this.visits == other.visits && this.request == other.request && this.step == other.step
					&& Arrays.equals(this.stack, other.stack);
		}

	}

}
