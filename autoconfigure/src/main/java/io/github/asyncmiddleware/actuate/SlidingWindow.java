package io.github.asyncmiddleware.actuate;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The durations of the last minutes, in one histogram a minute, and the number of all
 * since start. Time is given by the number of the minute. Not safe for use by several
 * threads.
 */
final class SlidingWindow {

	static final Duration SLICE = Duration.ofMinutes(1);

	private static final int SLICES = 5;

	/**
	 * How far back the window reaches, the current minute included.
	 */
	static final Duration LENGTH = SLICE.multipliedBy(SLICES);

	/** The same for people. */
	static final String LABEL = LENGTH.toMinutes() + "m";

	private final @Nullable DurationHistogram[] slices = new DurationHistogram[SLICES];

	/** The minute that the histogram in the same place is for. */
	private final long[] minutes = new long[SLICES];

	private long count;

	/**
	 * Count a duration.
	 * @param minute when it was measured; if that is too long ago, it is not in the
	 * window any more
	 * @param nanoseconds the duration
	 */
	void record(long minute, long nanoseconds) {
		this.count++;
		int place = (int) (minute % SLICES);
		DurationHistogram slice = this.slices[place];
		if (slice == null || this.minutes[place] < minute) {
			slice = new DurationHistogram();
			this.slices[place] = slice;
			this.minutes[place] = minute;
		}
		if (this.minutes[place] == minute) {
			slice.record(nanoseconds);
		}
	}

	/**
	 * How many durations there were since start.
	 * @return the number
	 */
	long count() {
		return this.count;
	}

	/**
	 * What the window shows.
	 * @param minute the current minute
	 * @return a histogram that does not change any more
	 */
	DurationHistogram read(long minute) {
		DurationHistogram result = new DurationHistogram();
		for (int i = 0; i < SLICES; i++) {
			DurationHistogram slice = this.slices[i];
			if (slice != null && this.minutes[i] > minute - SLICES) {
				result.add(slice);
			}
		}
		return result;
	}

}
