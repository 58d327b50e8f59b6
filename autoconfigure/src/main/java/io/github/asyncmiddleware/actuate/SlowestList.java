package io.github.asyncmiddleware.actuate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import io.github.asyncmiddleware.actuate.SlowestRequests.SlowRequest;

/**
 * The slowest requests of each of the last minutes: a few per minute, so that a fast
 * request finds out with one comparison that it is none of them. Time is given by the
 * number of the minute.
 */
final class SlowestList {

	/** How many are kept of a minute, and shown of all. */
	static final int SIZE = 20;

	private static final int SLICES = (int) SlidingWindow.LENGTH.dividedBy(SlidingWindow.SLICE);

	private static final Comparator<SlowRequest> SLOWEST_FIRST = Comparator
		.comparingLong((SlowRequest request) -> request.waterfall().total())
		.reversed();

	private final List<Slice> slices = new ArrayList<>();

	/** Replaced under the lock of this object. */
	private volatile Slice current = new Slice(Long.MIN_VALUE);

	/**
	 * Whether a request may be one of the slowest. Cheap.
	 * @param minute when it ended
	 * @param nanoseconds how long it took
	 * @return {@code false} if it is not
	 */
	boolean mayAdd(long minute, long nanoseconds) {
		Slice current = this.current;
		return nanoseconds > current.shortest || minute > current.minute;
	}

	/**
	 * Add a request, if it is one of the slowest of its minute.
	 * @param minute when it ended
	 * @param request the request
	 */
	synchronized void add(long minute, SlowRequest request) {
		if (minute > this.current.minute) {
			this.slices.removeIf((slice) -> slice.minute <= minute - SLICES);
			this.current = new Slice(minute);
			this.slices.add(this.current);
		}
		for (Slice slice : this.slices) {
			if (slice.minute == minute) {
				slice.add(request);
			}
		}
	}

	/**
	 * The slowest of the window.
	 * @param minute the current minute
	 * @return the requests, slowest first
	 */
	synchronized List<SlowRequest> read(long minute) {
		return this.slices.stream()
			.filter((slice) -> slice.minute > minute - SLICES)
			.flatMap((slice) -> slice.requests.stream())
			.sorted(SLOWEST_FIRST)
			.limit(SIZE)
			.toList();
	}

	/**
	 * The slowest of one minute.
	 */
	private static final class Slice {

		private final long minute;

		private final List<SlowRequest> requests = new ArrayList<>(SIZE);

		/** What a request has to exceed. Written under the lock of the list. */
		private volatile long shortest = -1;

		Slice(long minute) {
			this.minute = minute;
		}

		void add(SlowRequest request) {
			if (request.waterfall().total() <= this.shortest) {
				return;
			}
			if (this.requests.size() == SIZE) {
				this.requests.remove(SIZE - 1);
			}
			this.requests.add(request);
			this.requests.sort(SLOWEST_FIRST);
			if (this.requests.size() == SIZE) {
				this.shortest = this.requests.get(SIZE - 1).waterfall().total();
			}
		}

	}

}
