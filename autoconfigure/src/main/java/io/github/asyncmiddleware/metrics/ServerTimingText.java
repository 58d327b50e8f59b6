package io.github.asyncmiddleware.metrics;

import java.util.Arrays;
import java.util.List;

/**
 * The value of a {@code Server-Timing} header while it is put together.
 * <p>
 * Has at most 16 entries and, with names of {@link ServerTimingNames}, at most 1,024
 * characters, since proxies limit the headers of a response to a few kilobytes.
 * <p>
 * An entry gets the difference between two rounded sums and not a rounded time. So none
 * is wrong by a microsecond or more, and what is printed adds up to the printed total.
 */
final class ServerTimingText {

	static final int MAX_ENTRIES = 16;

	private static final String OTHER = "other";

	private static final String APP = "app";

	private static final String TOTAL = "total";

	/** The names that no middleware may have. */
	static final List<String> RESERVED = List.of(OTHER, APP, TOTAL);

	private final StringBuilder text = new StringBuilder(256);

	/** The sum of the entries so far, in nanoseconds. */
	private long sum;

	private ServerTimingText() {
	}

	/**
	 * A text with the total alone.
	 * @param total the total in nanoseconds
	 * @return the text
	 */
	static String total(long total) {
		ServerTimingText text = new ServerTimingText();
		text.append(TOTAL, toMicroseconds(total));
		return text.toString();
	}

	/**
	 * A text that tells what the total is made of. Where there are too many middlewares,
	 * the longest times are kept and the others summed up.
	 * @param names the names of the middlewares, in the order of the text
	 * @param own their own times in nanoseconds, in the same order
	 * @param total the total in nanoseconds, which is the own times and that of the
	 * application
	 * @return the text
	 */
	static String detailed(String[] names, long[] own, long total) {
		ServerTimingText text = new ServerTimingText();
		boolean complete = own.length <= MAX_ENTRIES - 2;
		Longest longest = complete ? Longest.all() : Longest.of(own, MAX_ENTRIES - 3);
		long other = 0;
		for (int i = 0; i < own.length; i++) {
			// A clock that is asked on two processors can be a little apart
			long time = Math.max(own[i], 0);
			if (longest.includes(own[i])) {
				text.add(names[i], time);
			}
			else {
				other += time;
			}
		}
		if (!complete) {
			text.add(OTHER, other);
		}
		text.add(APP, Math.max(total - text.sum, 0));
		text.append(TOTAL, toMicroseconds(text.sum));
		return text.toString();
	}

	private void add(String name, long nanoseconds) {
		long before = toMicroseconds(this.sum);
		this.sum += nanoseconds;
		append(name, toMicroseconds(this.sum) - before);
	}

	private void append(String name, long microseconds) {
		if (!this.text.isEmpty()) {
			this.text.append(", ");
		}
		this.text.append(name).append(";dur=").append(microseconds / 1000).append('.');
		int fraction = (int) (microseconds % 1000);
		this.text.append(digit(fraction / 100)).append(digit(fraction / 10)).append(digit(fraction));
	}

	private static char digit(int number) {
		return (char) ('0' + number % 10);
	}

	private static long toMicroseconds(long nanoseconds) {
		return nanoseconds / 1000;
	}

	@Override
	public String toString() {
		return this.text.toString();
	}

	/**
	 * Picks the longest of some times; of equal ones those that it is asked first.
	 */
	private static final class Longest {

		private final long shortest;

		/** How many that are as short as the shortest may still be picked. */
		private int shortestLeft;

		private Longest(long shortest, int shortestLeft) {
			this.shortest = shortest;
			this.shortestLeft = shortestLeft;
		}

		static Longest all() {
			return new Longest(Long.MIN_VALUE, Integer.MAX_VALUE);
		}

		static Longest of(long[] times, int count) {
			long[] sorted = times.clone();
			Arrays.sort(sorted);
			long shortest = sorted[sorted.length - count];
			int shortestLeft = 0;
			for (int i = sorted.length - count; i < sorted.length && sorted[i] == shortest; i++) {
				shortestLeft++;
			}
			return new Longest(shortest, shortestLeft);
		}

		boolean includes(long time) {
			return time > this.shortest || (time == this.shortest && this.shortestLeft-- > 0);
		}

	}

}
