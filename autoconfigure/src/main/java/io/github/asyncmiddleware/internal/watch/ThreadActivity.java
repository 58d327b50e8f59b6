package io.github.asyncmiddleware.internal.watch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.NonBlocking;

/**
 * What one thread that runs requests is doing: which request it is inside of right now,
 * and which of those that it has begun are still in flight.
 * <p>
 * The marks are written by the thread itself and read by the thread that watches it, with
 * nothing but a release and an acquire in between. Knows nothing of the application: a
 * thread can outlive that, and keeps this object.
 */
public final class ThreadActivity {

	/**
	 * Belongs to all threads that are not watched, and keeps nothing.
	 */
	public static final ThreadActivity UNWATCHED = new ThreadActivity(null, null);

	private static final VarHandle VISITS;

	private static final VarHandle REQUEST;

	private static final VarHandle PLACE;

	static {
		try {
			MethodHandles.Lookup lookup = MethodHandles.lookup();
			VISITS = lookup.findVarHandle(ThreadActivity.class, "visits", long.class);
			PLACE = lookup.findVarHandle(ThreadActivity.class, "place", StepRecord.class);
			REQUEST = lookup.findVarHandle(ThreadActivity.class, "request", RequestRecord.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final @Nullable Thread thread;

	private final @Nullable InFlightRequests inFlight;

	private long visits;

	private @Nullable RequestRecord request;

	/** Whose code the thread is inside of, as far as the engine has called it. */
	private @Nullable StepRecord place;

	/** The thread is inside a signal of the server, outside of all that is marked. */
	private volatile boolean delivering;

	ThreadActivity(@Nullable Thread thread, @Nullable InFlightRequests inFlight) {
		this.thread = thread;
		this.inFlight = inFlight;
	}

	/**
	 * The thread that is inside a request now. Called by the thread itself.
	 * @param request the request, or {@code null} if nothing is known of it
	 * @return what to give to {@link #exit}
	 */
	public @Nullable RequestRecord enter(@Nullable RequestRecord request) {
		RequestRecord previous = this.request;
		if (previous != request && this.thread != null) {
			VISITS.setRelease(this, this.visits + 1);
			REQUEST.setRelease(this, request);
		}
		return previous;
	}

	/**
	 * The thread is where it was before {@link #enter}.
	 * @param previous what that has returned
	 */
	public void exit(@Nullable RequestRecord previous) {
		if (this.request != previous && this.thread != null) {
			REQUEST.setRelease(this, previous);
		}
	}

	/**
	 * The thread is where it was before {@link #enter}, and inside the same code.
	 * @param previous what that has returned
	 * @param place what {@link #place} has returned before
	 */
	public void exit(@Nullable RequestRecord previous, @Nullable StepRecord place) {
		exit(previous);
		at(place);
	}

	/**
	 * The thread is inside the code of a middleware from now on. Called by the thread
	 * itself.
	 * @param step the part of the middleware, or {@code null} for any other code
	 */
	public void at(@Nullable StepRecord step) {
		if (this.thread != null) {
			PLACE.setOpaque(this, step);
		}
	}

	/**
	 * The middleware whose code the thread is inside of. A thread that watches sees what
	 * may be a moment old, which is of use if it stays the same from one look to the
	 * next.
	 * @return its part, or {@code null} for any other code
	 */
	public @Nullable StepRecord place() {
		return (@Nullable StepRecord) PLACE.getOpaque(this);
	}

	/**
	 * The thread, which is one of the server, is inside a part of a body that it delivers
	 * to code that only the stack tells. Called by the thread itself.
	 */
	public void beginDelivery() {
		if (this.thread != null) {
			VISITS.setRelease(this, this.visits + 1);
			this.delivering = true;
		}
	}

	/**
	 * The counterpart of {@link #beginDelivery()}.
	 */
	public void endDelivery() {
		if (this.thread != null) {
			this.delivering = false;
		}
	}

	/**
	 * Whether the thread, which must not block, can be inside code that only the stack
	 * tells.
	 */
	boolean isToldByStack() {
		return this.delivering || this.thread instanceof NonBlocking;
	}

	/**
	 * A request that the thread has begun goes on without it.
	 * @param request the request
	 * @return what to remove when the request has ended, or {@code null} if requests in
	 * flight are not watched
	 */
	public InFlightRequests.@Nullable Entry leaveInFlight(RequestRecord request) {
		return (this.inFlight != null) ? this.inFlight.add(request) : null;
	}

	void forEachInFlight(Consumer<InFlightRequests.Entry> action) {
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
	 * Whether it is the current thread.
	 * @return {@code false} if it is another one, or not watched
	 */
	public boolean isOfCurrentThread() {
		return this.thread == Thread.currentThread();
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
	 * @return the request, or {@code null} if it is not in a place where that is known
	 */
	public @Nullable RequestRecord request() {
		return (@Nullable RequestRecord) REQUEST.getAcquire(this);
	}

}
