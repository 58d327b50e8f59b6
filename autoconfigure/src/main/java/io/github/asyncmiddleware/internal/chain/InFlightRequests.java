package io.github.asyncmiddleware.internal.chain;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Requests that go on without the thread that has begun them. A linked list whose links
 * are in the requests themselves; its lock is held for a few writes, or for one look at
 * all of them.
 */
final class InFlightRequests {

	private @Nullable RequestTimeline first;

	private boolean closed;

	/** Guarded by this, like everything; read without by those who only want to know. */
	private volatile int size;

	/**
	 * Add a request, unless it has ended in the meantime.
	 */
	synchronized void add(RequestTimeline timeline) {
		if (this.closed) {
			return;
		}
		RequestTimeline next = this.first;
		timeline.nextInFlight = next;
		if (next != null) {
			next.previousInFlight = timeline;
		}
		this.first = timeline;
		this.size++;
		timeline.inFlight = this;
		// Whoever ends it either sees the list, or is seen here
		if (timeline.isEnded()) {
			remove(timeline);
		}
	}

	/**
	 * Forget a request, if it is still known.
	 */
	synchronized void remove(RequestTimeline timeline) {
		if (timeline.inFlight != this) {
			return;
		}
		RequestTimeline previous = timeline.previousInFlight;
		RequestTimeline next = timeline.nextInFlight;
		if (previous != null) {
			previous.nextInFlight = next;
		}
		else {
			this.first = next;
		}
		if (next != null) {
			next.previousInFlight = previous;
		}
		this.size--;
		forget(timeline);
	}

	private static void forget(RequestTimeline timeline) {
		timeline.previousInFlight = null;
		timeline.nextInFlight = null;
		timeline.inFlight = null;
		timeline.heldBy(null, 0);
	}

	/**
	 * Look at all of them. Those who add and remove have to wait for it.
	 */
	synchronized void forEach(Consumer<RequestTimeline> action) {
		for (RequestTimeline timeline = this.first; timeline != null; timeline = timeline.nextInFlight) {
			action.accept(timeline);
		}
	}

	/**
	 * Forget all of them, and those that come later too.
	 */
	synchronized void close() {
		this.closed = true;
		for (RequestTimeline timeline = this.first; timeline != null;) {
			RequestTimeline next = timeline.nextInFlight;
			forget(timeline);
			timeline = next;
		}
		this.first = null;
		this.size = 0;
	}

	boolean isEmpty() {
		return this.size == 0;
	}

}
