package io.github.asyncmiddleware.internal.style;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.github.asyncmiddleware.internal.style.BoundedCall.Stage;
import org.jspecify.annotations.Nullable;

/**
 * Counts the permits of an {@link Offloader}, and knows which calls wait for one.
 * <p>
 * Its monitor guards the counts, the stage of the calls and their limits. It calls
 * nothing else meanwhile. After {@link #next()} has returned {@code null}, no call waits
 * that could have a free permit, until a permit or a place in a limit is given back.
 */
final class Admission {

	private final int maxConcurrent;

	private final int maxQueued;

	/** The limits that have calls waiting. */
	private final Set<Limit> contended = new LinkedHashSet<>();

	private int active;

	private int queued;

	private int abandoned;

	private long lastNumber;

	private boolean closed;

	Admission(int maxConcurrent, int maxQueued) {
		this.maxConcurrent = maxConcurrent;
		this.maxQueued = maxQueued;
	}

	/**
	 * Submit a call.
	 * @param call the call
	 * @return its stage: admitted, with a permit; waiting, until {@link #next()} returns
	 * it; or gone, where there is no room or it was cancelled before
	 */
	synchronized Stage enter(BoundedCall call) {
		if (call.stage != Stage.NEW) {
			return call.stage;
		}
		if (this.closed) {
			call.stage = Stage.GONE;
		}
		else if (this.active < this.maxConcurrent && call.limit.hasRoom() && first() == null) {
			this.active++;
			admit(call);
		}
		else if (this.queued < this.maxQueued) {
			enqueue(call);
		}
		else {
			call.stage = Stage.GONE;
		}
		return call.stage;
	}

	/**
	 * Submit a call that has a permit already: the one of the call before.
	 * @param call the call
	 * @return whether it is admitted; nothing has changed if not
	 */
	synchronized boolean enterSharing(BoundedCall call) {
		if (this.closed || call.stage != Stage.NEW || !call.limit.hasRoom()) {
			return false;
		}
		admit(call);
		return true;
	}

	/**
	 * Admit the call that has waited longest of those whose limit has room.
	 * @return the call, or {@code null} if there is none or no permit
	 */
	synchronized @Nullable BoundedCall next() {
		BoundedCall call = (this.active < this.maxConcurrent) ? first() : null;
		if (call != null) {
			dequeue(call);
			this.active++;
			admit(call);
		}
		return call;
	}

	/**
	 * The request does not need a call any more. A waiting call leaves the queue; one
	 * that is admitted keeps its place until it has ended.
	 * @param call the call
	 */
	synchronized void abandon(BoundedCall call) {
		if (call.stage == Stage.ADMITTED) {
			call.abandoned = true;
			this.abandoned++;
			return;
		}
		if (call.stage == Stage.WAITING) {
			dequeue(call);
		}
		call.stage = Stage.GONE;
	}

	/**
	 * The work of an admitted call has ended.
	 * @param call the call
	 * @param keepsPermit whether its permit is still in use
	 */
	synchronized void leave(BoundedCall call, boolean keepsPermit) {
		call.stage = Stage.GONE;
		call.limit.leave();
		if (call.abandoned) {
			this.abandoned--;
		}
		if (!keepsPermit) {
			this.active--;
		}
	}

	/**
	 * Give a permit back that a call has kept.
	 */
	synchronized void release() {
		this.active--;
	}

	/**
	 * Admit no call any more.
	 * @return the calls that have waited in vain, the longest first
	 */
	synchronized List<BoundedCall> close() {
		this.closed = true;
		List<BoundedCall> calls = this.contended.stream()
			.flatMap((limit) -> limit.waiting().stream())
			.sorted(Comparator.comparingLong((call) -> call.number))
			.toList();
		calls.forEach(this::abandon);
		return calls;
	}

	synchronized int active() {
		return this.active;
	}

	synchronized int queued() {
		return this.queued;
	}

	synchronized int abandoned() {
		return this.abandoned;
	}

	int maxConcurrent() {
		return this.maxConcurrent;
	}

	int maxQueued() {
		return this.maxQueued;
	}

	private void admit(BoundedCall call) {
		call.stage = Stage.ADMITTED;
		call.limit.enter();
	}

	private void enqueue(BoundedCall call) {
		call.stage = Stage.WAITING;
		call.number = ++this.lastNumber;
		call.limit.enqueue(call);
		this.contended.add(call.limit);
		this.queued++;
	}

	private void dequeue(BoundedCall call) {
		call.limit.dequeue(call);
		if (!call.limit.hasWaiting()) {
			this.contended.remove(call.limit);
		}
		this.queued--;
	}

	private @Nullable BoundedCall first() {
		BoundedCall first = null;
		for (Limit limit : this.contended) {
			BoundedCall call = limit.first();
			if (call != null && (first == null || call.number < first.number)) {
				first = call;
			}
		}
		return first;
	}

}
