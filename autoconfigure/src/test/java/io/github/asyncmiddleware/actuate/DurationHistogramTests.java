package io.github.asyncmiddleware.actuate;

import java.util.Random;
import java.util.stream.LongStream;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link DurationHistogram}.
 */
class DurationHistogramTests {

	private final DurationHistogram histogram = new DurationHistogram();

	@ParameterizedTest
	@ValueSource(longs = { 0, 1, 15, 16, 1023, 1024, 1025, 2047, 2048, 1_000_000, 3_600_000_000_000L,
			DurationHistogram.LONGEST })
	void isExactForASingleDuration(long nanoseconds) {
		this.histogram.record(nanoseconds);
		assertThat(this.histogram.isEmpty()).isFalse();
		assertThat(this.histogram.quantile(0.01)).isEqualTo(nanoseconds);
		assertThat(this.histogram.quantile(0.5)).isEqualTo(nanoseconds);
		assertThat(this.histogram.quantile(0.99)).isEqualTo(nanoseconds);
		assertThat(this.histogram.mean()).isEqualTo(nanoseconds);
		assertThat(this.histogram.max()).isEqualTo(nanoseconds);
	}

	@Test
	void isEmptyInTheBeginning() {
		assertThat(this.histogram.isEmpty()).isTrue();
	}

	@Test
	void isOffByLessThanOnePercent() {
		for (long nanoseconds = 1024; nanoseconds < DurationHistogram.LONGEST; nanoseconds += nanoseconds / 3) {
			DurationHistogram histogram = new DurationHistogram();
			histogram.record(0);
			histogram.record(nanoseconds);
			histogram.record(DurationHistogram.LONGEST);
			assertThat(histogram.quantile(0.5)).isCloseTo(nanoseconds, Percentage.withPercentage(1));
		}
	}

	@Test
	void isOffByEightNanosecondsBelowAMicrosecond() {
		for (long nanoseconds = 0; nanoseconds < 1024; nanoseconds++) {
			DurationHistogram histogram = new DurationHistogram();
			histogram.record(0);
			histogram.record(nanoseconds);
			histogram.record(DurationHistogram.LONGEST);
			assertThat(histogram.quantile(0.5)).isCloseTo(nanoseconds, within(8L));
		}
	}

	@Test
	void neverPutsALongerDurationBeforeAShorterOne() {
		long last = 0;
		for (long nanoseconds = 0; nanoseconds < 1_000_000; nanoseconds += 7) {
			DurationHistogram histogram = new DurationHistogram();
			histogram.record(0);
			histogram.record(nanoseconds);
			histogram.record(DurationHistogram.LONGEST);
			long median = histogram.quantile(0.5);
			assertThat(median).isGreaterThanOrEqualTo(last);
			last = median;
		}
	}

	@Test
	void findsQuantilesOfManyDurations() {
		long[] durations = new Random(42).longs(10_000, 0, 50_000_000).toArray();
		LongStream.of(durations).forEach(this.histogram::record);
		long[] sorted = LongStream.of(durations).sorted().toArray();
		assertThat(this.histogram.quantile(0.5)).isCloseTo(sorted[4999], Percentage.withPercentage(1));
		assertThat(this.histogram.quantile(0.95)).isCloseTo(sorted[9499], Percentage.withPercentage(1));
		assertThat(this.histogram.quantile(0.99)).isCloseTo(sorted[9899], Percentage.withPercentage(1));
		assertThat(this.histogram.max()).isEqualTo(sorted[9999]);
		assertThat(this.histogram.mean()).isEqualTo(LongStream.of(durations).sum() / 10_000);
	}

	@Test
	void takesTheShorterOfTwoForTheMedian() {
		this.histogram.record(1_000);
		this.histogram.record(1_000_000);
		assertThat(this.histogram.quantile(0.5)).isCloseTo(1_000, within(8L));
		assertThat(this.histogram.quantile(0.51)).isEqualTo(1_000_000);
	}

	@Test
	void addsUp() {
		DurationHistogram other = new DurationHistogram();
		this.histogram.record(100);
		this.histogram.record(5_000);
		other.record(100);
		other.record(1_000_000_000);
		this.histogram.add(other);
		assertThat(this.histogram.quantile(0.5)).isCloseTo(100, within(8L));
		assertThat(this.histogram.quantile(0.75)).isCloseTo(5_000, Percentage.withPercentage(1));
		assertThat(this.histogram.max()).isEqualTo(1_000_000_000);
		assertThat(this.histogram.mean()).isEqualTo((100 + 5_000 + 100 + 1_000_000_000) / 4);
		assertThat(other.quantile(0.5)).isCloseTo(100, within(8L));
	}

}
