package io.github.asyncmiddleware.actuate;

import io.github.asyncmiddleware.internal.chain.MiddlewareResult;

/**
 * One measurement, packed into a number so that it can wait in an array: what was
 * measured, with which result, and a duration.
 */
final class Sample {

	/** What is left of a number besides result and duration, halved for the two kinds. */
	private static final int MAX_INDEX = (1 << 17) - 2;

	private static final int RESULT = 42;

	private static final int KIND = 46;

	private static final MiddlewareResult[] RESULTS = MiddlewareResult.values();

	private Sample() {
	}

	/**
	 * Whether a middleware can have samples at all.
	 * @param index the index of the middleware
	 * @return {@code false} for the one that would be the 131071st
	 */
	static boolean isPossible(int index) {
		return index <= MAX_INDEX;
	}

	static long app(long nanoseconds) {
		return duration(nanoseconds);
	}

	static long ttfb(int index, long nanoseconds) {
		return (2L * index + 1) << KIND | duration(nanoseconds);
	}

	static long own(int index, MiddlewareResult result, long nanoseconds) {
		return (2L * index + 2) << KIND | (long) result.ordinal() << RESULT | duration(nanoseconds);
	}

	private static long duration(long nanoseconds) {
		return Math.min(Math.max(nanoseconds, 0), DurationHistogram.LONGEST);
	}

	static boolean isApp(long sample) {
		return sample >>> KIND == 0;
	}

	static boolean isTtfb(long sample) {
		return (sample >>> KIND & 1) != 0;
	}

	static int index(long sample) {
		return (int) ((sample >>> KIND) - 1) >> 1;
	}

	static MiddlewareResult result(long sample) {
		return RESULTS[(int) (sample >>> RESULT) & 0xF];
	}

	static long nanoseconds(long sample) {
		return sample & DurationHistogram.LONGEST;
	}

}
