package io.github.asyncmiddleware.internal.chain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * What one thread that runs requests is doing: which request it is inside of right now,
 * and which of those that it has begun are still in flight.
 * <p>
 * The marks are written by the thread itself and read by whoever watches it, with nothing
 * but a release and an acquire in between. Knows nothing of the application: a thread can
 * outlive that, and keeps this object.
 */
public final class ThreadActivity {

	/**
	 * Belongs to all threads that nobody watches, and keeps nothing.
	 */
	static final ThreadActivity UNWATCHED = new ThreadActivity(null, null);

	private static final VarHandle VISITS;

	private static final VarHandle TIMELINE;

	static {
		try {
			MethodHandles.Lookup lookup = MethodHandles.lookup();
			VISITS = lookup.findVarHandle(ThreadActivity.class, "visits", long.class);
			TIMELINE = lookup.findVarHandle(ThreadActivity.class, "timeline", Timeline.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final @Nullable Thread thread;

	private final @Nullable InFlightRequests inFlight;

	private long visits;

	private @Nullable Timeline timeline;

	ThreadActivity(@Nullable Thread thread, @Nullable InFlightRequests inFlight) {
		this.thread = thread;
		this.inFlight = inFlight;
	}

	/**
	 * The thread that is inside a request now. Called by the thread itself.
	 * @param timeline the timeline of the request
	 * @return what to give to {@link #exit}
	 */
	@Nullable Timeline enter(Timeline timeline) {
		Timeline previous = this.timeline;
		if (previous != timeline && this.thread != null) {
			VISITS.setRelease(this, this.visits + 1);
			TIMELINE.setRelease(this, timeline);
		}
		return previous;
	}

	/**
	 * The thread is where it was before {@link #enter}.
	 * @param previous what that has returned
	 */
	void exit(@Nullable Timeline previous) {
		if (this.timeline != previous && this.thread != null) {
			TIMELINE.setRelease(this, previous);
		}
	}

	/**
	 * A request that the thread has begun goes on without it.
	 */
	void leaveInFlight(RequestTimeline timeline) {
		if (this.inFlight != null) {
			this.inFlight.add(timeline);
		}
	}

	void forEachInFlight(Consumer<RequestTimeline> action) {
		if (this.inFlight != null) {
			this.inFlight.forEach(action);
		}
	}

	boolean hasNothingInFlight() {
		return this.inFlight == null || this.inFlight.isEmpty();
	}

	void close() {
		if (this.inFlight != null) {
			this.inFlight.close();
		}
	}

	/**
	 * The thread.
	 * @return the thread
	 */
	public Thread thread() {
		if (this.thread == null) {
			throw new IllegalStateException("Belongs to no thread");
		}
		return this.thread;
	}

	/**
	 * How often the thread has entered a request. As long as that does not change, it is
	 * in the same visit or in none.
	 * @return a number that grows
	 */
	public long visits() {
		return (long) VISITS.getAcquire(this);
	}

	/**
	 * The request that the thread is inside of.
	 * @return its timeline, or {@code null} if it is not in a place where that is known
	 */
	public @Nullable RequestTimeline request() {
		return (RequestTimeline) TIMELINE.getAcquire(this);
	}

}
