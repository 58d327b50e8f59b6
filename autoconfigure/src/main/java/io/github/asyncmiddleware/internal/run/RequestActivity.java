package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.watch.InFlightRequests;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link RequestRun} can be found by the watch: the threads that are inside it,
 * and its entry among the requests in flight.
 */
public abstract class RequestActivity extends RequestWord {

	private final ThreadActivities activities;

	/** What the thread is doing that the request is on; only a hint for the watch. */
	private ThreadActivity here = ThreadActivity.UNWATCHED;

	/** Where it is in flight, once the thread that has begun it has left it. */
	private volatile InFlightRequests.@Nullable Entry inFlight;

	RequestActivity(Ticker ticker, ThreadActivities activities) {
		super(ticker);
		this.activities = activities;
	}

	/**
	 * Where to note that the current thread begins the request.
	 * @return the activity of the thread
	 */
	public final ThreadActivity beginning() {
		return this.activities.beginning();
	}

	/**
	 * The thread that has begun the request leaves it, unless it has ended.
	 * @param activity the activity of the thread
	 */
	public final void leaveInFlight(ThreadActivity activity) {
		if (isEnded()) {
			return;
		}
		this.inFlight = activity.leaveInFlight(this);
		InFlightRequests.Entry entry = this.inFlight;
		// Whichever thread ends it either sees the entry, or is seen here
		if (entry != null && isEnded()) {
			entry.remove();
		}
	}

	public final ThreadActivity activity() {
		return this.activities.current();
	}

	/**
	 * What the current thread is doing, which is inside the request already. Another one
	 * can be, too, where what it does is not waited for any more.
	 */
	final ThreadActivity here() {
		ThreadActivity here = this.here;
		return here.isOfCurrentThread() ? here : activity();
	}

	final void here(ThreadActivity activity) {
		this.here = activity;
	}

	/**
	 * Whose time it is, and whose code a thread is inside of, where a request is back at
	 * a step.
	 * @param step the step, or {@code null} for other code
	 * @return {@code null} for a group, whose members are steps of their own
	 */
	static @Nullable Step place(@Nullable Step step) {
		return (step != null && step.link().isGroup()) ? null : step;
	}

	/**
	 * The request has ended.
	 */
	final void removeInFlight() {
		InFlightRequests.Entry entry = this.inFlight;
		if (entry != null) {
			entry.remove();
		}
	}

}
