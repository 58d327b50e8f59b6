package io.github.asyncmiddleware.internal.sample;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.Outcome;

/**
 * One measurement of a request, packed into a number so that it can wait in an array:
 * what was measured, the outcome of the request or the result of the middleware, and a
 * duration.
 */
public final class Sample {

	/** Some ten hours. A longer duration is taken for that. */
	static final long LONGEST = (1L << 45) - 1;

	/** Far beyond any chain. What comes after has no samples. */
	static final int MAX_INDEX = (1 << 13) - 1;

	private static final int TAG = 45;

	private static final int INDEX = 49;

	private static final int KIND = 62;

	private static final Kind[] KINDS = Kind.values();

	private static final MiddlewareResult[] RESULTS = MiddlewareResult.values();

	private static final Outcome[] OUTCOMES = Outcome.values();

	private Sample() {
	}

	/**
	 * Whether a middleware can have samples at all.
	 * @param index the index of the middleware
	 * @return {@code false} for the one that would be the 8193rd
	 */
	static boolean isPossible(int index) {
		return index <= MAX_INDEX;
	}

	/**
	 * The time that no middleware spends.
	 * @param outcome what the status of the request means
	 * @param nanoseconds the duration
	 * @return the sample
	 */
	public static long app(Outcome outcome, long nanoseconds) {
		return pack(Kind.APP, 0, outcome.ordinal(), nanoseconds);
	}

	/**
	 * The time to first byte of a middleware.
	 * @param index the index of the middleware
	 * @param outcome what the status of the request means
	 * @param nanoseconds the duration
	 * @return the sample
	 */
	public static long ttfb(int index, Outcome outcome, long nanoseconds) {
		return pack(Kind.TTFB, index, outcome.ordinal(), nanoseconds);
	}

	/**
	 * The own time of a middleware.
	 * @param index the index of the middleware
	 * @param result how its part ended
	 * @param nanoseconds the duration
	 * @return the sample
	 */
	public static long own(int index, MiddlewareResult result, long nanoseconds) {
		return pack(Kind.OWN, index, result.ordinal(), nanoseconds);
	}

	/**
	 * The trace of the request that the samples which follow belong to.
	 * @param place where it is in the {@link SampleTraces}
	 * @return the sample
	 */
	static long trace(int place) {
		return pack(Kind.TRACE, 0, 0, place);
	}

	private static long pack(Kind kind, int index, int tag, long nanoseconds) {
		return (long) kind.ordinal() << KIND | (long) index << INDEX | (long) tag << TAG
				| Math.min(Math.max(nanoseconds, 0), LONGEST);
	}

	/**
	 * What was measured.
	 * @param sample the sample
	 * @return its kind
	 */
	public static Kind kind(long sample) {
		return KINDS[(int) (sample >>> KIND)];
	}

	/**
	 * The middleware it belongs to.
	 * @param sample a sample that belongs to one
	 * @return the index of the middleware
	 */
	public static int index(long sample) {
		return (int) (sample >>> INDEX) & MAX_INDEX;
	}

	/**
	 * How the part of the middleware ended.
	 * @param sample a sample of its own time
	 * @return the result
	 */
	public static MiddlewareResult result(long sample) {
		return RESULTS[(int) (sample >>> TAG) & 0xF];
	}

	/**
	 * What the status of the request means.
	 * @param sample a sample of another time
	 * @return the outcome
	 */
	public static Outcome outcome(long sample) {
		return OUTCOMES[(int) (sample >>> TAG) & 0xF];
	}

	/**
	 * The duration.
	 * @param sample the sample
	 * @return nanoseconds, never negative
	 */
	public static long nanoseconds(long sample) {
		return sample & LONGEST;
	}

	/**
	 * What can be measured.
	 */
	public enum Kind {

		/**
		 * The time that no middleware spends.
		 */
		APP,

		/**
		 * The time to first byte of a middleware.
		 */
		TTFB,

		/**
		 * The own time of a middleware.
		 */
		OWN,

		/**
		 * Nothing: the trace of the request that the samples which follow belong to. Only
		 * where a listener asks for {@linkplain SampleListener#traces() traces}.
		 */
		TRACE

	}

}
