package io.github.asyncmiddleware.internal.watch;

import java.util.function.Consumer;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * Requests that go on without the thread that has begun them. A linked list whose lock is
 * held for a few writes, or for one look at all of them.
 */
public final class InFlightRequests {

	private @Nullable Entry first;

	private boolean closed;

	/** Guarded by this, like everything; read without the lock where a hint is enough. */
	private volatile int size;

	InFlightRequests() {
	}

	/**
	 * Add a request. The caller has to look afterwards whether it has ended in the
	 * meantime.
	 * @return the entry to remove when it has ended, or {@code null} if it is not looked
	 * at any more
	 */
	synchronized @Nullable Entry add(RequestRecord request) {
		if (this.closed) {
			return null;
		}
		Entry entry = new Entry(this, request);
		Entry next = this.first;
		entry.next = next;
		if (next != null) {
			next.previous = entry;
		}
		this.first = entry;
		this.size++;
		return entry;
	}

	private synchronized void remove(Entry entry) {
		if (!entry.listed) {
			return;
		}
		Entry previous = entry.previous;
		Entry next = entry.next;
		if (previous != null) {
			previous.next = next;
		}
		else {
			this.first = next;
		}
		if (next != null) {
			next.previous = previous;
		}
		this.size--;
		entry.forget();
	}

	/**
	 * Look at all of them. Adding and removing waits for it.
	 */
	synchronized void forEach(Consumer<Entry> action) {
		for (Entry entry = this.first; entry != null; entry = entry.next) {
			action.accept(entry);
		}
	}

	/**
	 * Forget all of them, and those that come later too.
	 */
	synchronized void close() {
		this.closed = true;
		for (Entry entry = this.first; entry != null;) {
			Entry next = entry.next;
			entry.forget();
			entry = next;
		}
		this.first = null;
		this.size = 0;
	}

	boolean isEmpty() {
		return this.size == 0;
	}

	/**
	 * One request in the list. Guarded by the list.
	 */
	public static final class Entry {

		private final InFlightRequests list;

		private final RequestRecord request;

		private boolean listed = true;

		private @Nullable Entry previous;

		private @Nullable Entry next;

		/** The middleware that was seen last to hold it, and since when. */
		private @Nullable Middleware heldBy;

		private int heldSince;

		private Entry(InFlightRequests list, RequestRecord request) {
			this.list = list;
			this.request = request;
		}

		/**
		 * Forget the request, if it is still known.
		 */
		public void remove() {
			this.list.remove(this);
		}

		RequestRecord request() {
			return this.request;
		}

		/**
		 * Since when a middleware has been seen to hold the request. Only for the one
		 * thread that looks at the requests in flight, while it does.
		 * @param step the part of the middleware that holds it now, or {@code null} for
		 * none
		 * @param now the time, in whatever unit and from whatever origin
		 * @return the time when that middleware was first seen
		 */
		int heldBy(@Nullable StepRecord step, int now) {
			// In each try of the same request, it has another part
			Middleware middleware = (step != null) ? step.middleware() : null;
			if (this.heldBy != middleware) {
				this.heldBy = middleware;
				this.heldSince = now;
			}
			return this.heldSince;
		}

		private void forget() {
			this.listed = false;
			this.previous = null;
			this.next = null;
			this.heldBy = null;
		}

	}

}
