package io.github.asyncmiddleware.actuate;

import org.jspecify.annotations.Nullable;

/**
 * Durations, counted in buckets: up to one microsecond 16 nanoseconds wide, then 64 to
 * each doubling, so that what is read back is off by less than one percent.
 * <p>
 * Buckets are there only where durations are: as these lie close together, a histogram
 * takes some two kilobytes. Not safe for use by several threads.
 */
final class DurationHistogram {

	/** The binary digits of the longest duration. */
	private static final int DIGITS = 45;

	/**
	 * The longest duration that can be counted, in nanoseconds: the longest that a sample
	 * can have, some ten hours.
	 */
	static final long LONGEST = (1L << DIGITS) - 1;

	/** The binary digits of a duration that are too small to matter. */
	private static final int UNIT = 4;

	/** The binary digits of a duration that are counted apart. */
	private static final int PRECISION = 6;

	private static final int BUCKETS = 1 << PRECISION;

	private static final int CHUNKS = DIGITS - UNIT - PRECISION + 1;

	/** One chunk of buckets for each doubling. */
	private final int[] @Nullable [] chunks = new int[CHUNKS][];

	private long count;

	private long total;

	private long min = Long.MAX_VALUE;

	private long max;

	/**
	 * Count a duration.
	 * @param nanoseconds the duration, from 0 to {@link #LONGEST}
	 */
	void record(long nanoseconds) {
		long units = nanoseconds >>> UNIT;
		int chunk = Math.max(Long.SIZE - PRECISION - Long.numberOfLeadingZeros(units), 0);
		buckets(chunk)[(int) (units >>> Math.max(chunk - 1, 0)) & (BUCKETS - 1)]++;
		this.count++;
		this.total += nanoseconds;
		this.min = Math.min(this.min, nanoseconds);
		this.max = Math.max(this.max, nanoseconds);
	}

	private int[] buckets(int chunk) {
		int[] buckets = this.chunks[chunk];
		if (buckets == null) {
			buckets = new int[BUCKETS];
			this.chunks[chunk] = buckets;
		}
		return buckets;
	}

	/**
	 * Count everything that another histogram has counted.
	 * @param other the other histogram
	 */
	void add(DurationHistogram other) {
		for (int chunk = 0; chunk < CHUNKS; chunk++) {
			int[] added = other.chunks[chunk];
			if (added != null) {
				int[] buckets = buckets(chunk);
				for (int i = 0; i < BUCKETS; i++) {
					buckets[i] += added[i];
				}
			}
		}
		this.count += other.count;
		this.total += other.total;
		this.min = Math.min(this.min, other.min);
		this.max = Math.max(this.max, other.max);
	}

	boolean isEmpty() {
		return this.count == 0;
	}

	/**
	 * The mean of all durations, which is exact.
	 * @return nanoseconds
	 */
	long mean() {
		return this.total / this.count;
	}

	/**
	 * The longest duration, which is exact.
	 * @return nanoseconds
	 */
	long max() {
		return this.max;
	}

	/**
	 * The duration that a share of all durations does not exceed.
	 * @param share more than 0, less than 1
	 * @return nanoseconds
	 */
	long quantile(double share) {
		long wanted = (long) Math.ceil(share * this.count);
		for (int chunk = 0; chunk < CHUNKS && wanted < this.count; chunk++) {
			int[] buckets = this.chunks[chunk];
			for (int i = 0; buckets != null && i < BUCKETS; i++) {
				wanted -= buckets[i];
				if (wanted <= 0) {
					return Math.min(Math.max(middle(chunk, i), this.min), this.max);
				}
			}
		}
		return this.max;
	}

	private static long middle(int chunk, int bucket) {
		int width = UNIT + Math.max(chunk - 1, 0);
		long units = (chunk != 0) ? BUCKETS + bucket : bucket;
		return (units << width) + (1L << width) / 2;
	}

}
