package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.guard.Documentation;
import io.github.asyncmiddleware.internal.guard.GuardLog;
import io.github.asyncmiddleware.internal.guard.LogNames;
import io.github.asyncmiddleware.internal.guard.LogPauses;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.record.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Counts the requests that wait for a middleware, now and then, and names middlewares
 * that keep one waiting for too long. A request whose head is out waits for none.
 * <p>
 * The age of a request is counted from the first time it is seen to wait for the same
 * middleware. A look that comes late counts for two periods at most, as in
 * {@link BlockingWatch}: the process stood still. Belongs to one thread.
 */
final class StuckRequests {

	private static final GuardLog logger = new GuardLog(LogNames.BLOCKING);

	private static final int MAX_LATENESS = 2;

	private static final long MAX_PERIOD = Duration.ofSeconds(1).toNanos();

	private static final long MIN_PERIOD = Duration.ofMillis(5).toNanos();

	private final ThreadActivities activities;

	/** Grows while others read. */
	private final List<Middleware> middlewares;

	private final ActiveRequests result;

	private final long stuckAfter;

	private final long period;

	private final LogPauses<String> pauses;

	private boolean counted;

	private boolean begun;

	private long lastLook;

	/** Without that in which the process stood still. */
	private long time;

	/**
	 * Create what finds stuck requests.
	 * @param activities where requests in flight are
	 * @param middlewares the middlewares there are
	 * @param result where to put the numbers
	 * @param stuckAfter how long a request may wait for a middleware
	 * @param ticker the clock of the log
	 */
	StuckRequests(ThreadActivities activities, List<Middleware> middlewares, ActiveRequests result, Duration stuckAfter,
			Ticker ticker) {
		this.activities = activities;
		this.middlewares = new CopyOnWriteArrayList<>(middlewares);
		this.result = result;
		// Saturates, where toMillis() throws
		this.stuckAfter = TimeUnit.MILLISECONDS.convert(stuckAfter);
		this.period = (this.stuckAfter < 4 * MAX_PERIOD / 1_000_000) ? Math.max(stuckAfter.toNanos() / 4, MIN_PERIOD)
				: MAX_PERIOD;
		this.pauses = new LogPauses<>(ticker);
	}

	/**
	 * Count the requests that wait for more of them from now on.
	 */
	void add(List<Middleware> middlewares) {
		this.middlewares.addAll(middlewares);
	}

	/**
	 * How often to look, in nanoseconds.
	 */
	long period() {
		return this.period;
	}

	/**
	 * Whether all that was counted is zero.
	 */
	boolean isIdle() {
		return !this.counted;
	}

	/**
	 * Count.
	 * @param now the time, in nanoseconds
	 */
	void look(long now) {
		if (!this.begun) {
			this.begun = true;
			this.lastLook = now;
		}
		this.time += Math.min(now - this.lastLook, MAX_LATENESS * this.period);
		this.lastLook = now;
		// Differences are right beyond the largest number too
		int milliseconds = (int) (this.time / 1_000_000);
		List<Middleware> middlewares = List.copyOf(this.middlewares);
		Count count = new Count(middlewares.stream().mapToInt(Middleware::index).max().orElse(-1) + 1, milliseconds);
		this.activities.forEachInFlight(count::add);
		if (this.counted || count.any) {
			this.result.set(count.requests, count.oldest);
		}
		this.counted = count.any;
		for (Middleware waits : count.waits) {
			if (waits != null) {
				report(waits, count);
			}
		}
	}

	private void report(Middleware middleware, Count count) {
		long oldest = count.oldest[middleware.index()];
		if (oldest < this.stuckAfter || this.pauses.tryEnd(middleware.name()) == 0) {
			return;
		}
		int requests = count.requests[middleware.index()];
		logger.warn("stuck_request", middleware,
				"The " + middleware + " keeps " + requests + ((requests == 1) ? " request" : " requests")
						+ " waiting, the oldest for " + ((oldest < 10_000) ? oldest + " ms" : oldest / 1000 + " s")
						+ (middleware.isForeign() ? ". Give what it waits for a time limit."
								: ". Set a timeout for the middleware, or a time limit for the call that it waits for.")
						+ Documentation.see("blocking", "stuck_request"),
				null);
	}

	/**
	 * Forget what was counted.
	 */
	void end() {
		this.counted = false;
		this.result.set(new int[0], new long[0]);
	}

	/**
	 * What one look finds.
	 */
	private static final class Count {

		private final int[] requests;

		private final long[] oldest;

		/** As they stand in the chain. */
		private final @Nullable Middleware[] waits;

		private final int now;

		private boolean any;

		Count(int size, int now) {
			this.requests = new int[size];
			this.oldest = new long[size];
			this.waits = new Middleware[size];
			this.now = now;
		}

		void add(InFlightRequests.Entry entry) {
			RequestRecord request = entry.request();
			StepRecord step = (request.hasHead() || request.isWaitingForClient()) ? null : request.awaited();
			long age = this.now - entry.heldBy(step, this.now);
			if (step == null) {
				return;
			}
			int index = step.middleware().index();
			if (index >= 0 && index < this.requests.length) {
				this.any = true;
				this.waits[index] = step.middleware();
				this.requests[index]++;
				this.oldest[index] = Math.max(this.oldest[index], age);
			}
		}

	}

}
