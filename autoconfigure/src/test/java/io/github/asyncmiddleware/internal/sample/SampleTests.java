package io.github.asyncmiddleware.internal.sample;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.sample.Sample.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Sample}.
 */
class SampleTests {

	@ParameterizedTest
	@ValueSource(longs = { 0, 1, 1_000_000, 36_000_000_000_000L, Sample.LONGEST - 1 })
	void keepsDurations(long nanoseconds) {
		assertThat(Sample.nanoseconds(Sample.app(Outcome.UNKNOWN, nanoseconds)))
			.isEqualTo(Math.min(nanoseconds, Sample.LONGEST));
		assertThat(Sample.nanoseconds(Sample.ttfb(Sample.MAX_INDEX, Outcome.UNKNOWN, nanoseconds)))
			.isEqualTo(Math.min(nanoseconds, Sample.LONGEST));
		assertThat(Sample.nanoseconds(Sample.own(Sample.MAX_INDEX, MiddlewareResult.MISUSED, nanoseconds)))
			.isEqualTo(Math.min(nanoseconds, Sample.LONGEST));
	}

	@Test
	void cutsDurationsThatCannotBe() {
		assertThat(Sample.nanoseconds(Sample.app(Outcome.SUCCESS, -1))).isZero();
		assertThat(Sample.nanoseconds(Sample.app(Outcome.SUCCESS, Long.MAX_VALUE))).isEqualTo(Sample.LONGEST);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 2, 299, Sample.MAX_INDEX })
	void keepsKindAndIndex(int index) {
		long ttfb = Sample.ttfb(index, Outcome.UNKNOWN, Sample.LONGEST);
		long own = Sample.own(index, MiddlewareResult.MISUSED, Sample.LONGEST);
		assertThat(Sample.index(ttfb)).isEqualTo(index);
		assertThat(Sample.index(own)).isEqualTo(index);
		assertThat(Sample.kind(ttfb)).isEqualTo(Kind.TTFB);
		assertThat(Sample.kind(own)).isEqualTo(Kind.OWN);
		assertThat(Sample.kind(Sample.app(Outcome.UNKNOWN, Sample.LONGEST))).isEqualTo(Kind.APP);
	}

	@Test
	void keepsResultsAndOutcomes() {
		for (MiddlewareResult result : MiddlewareResult.values()) {
			assertThat(Sample.result(Sample.own(Sample.MAX_INDEX, result, Sample.LONGEST))).isEqualTo(result);
		}
		for (Outcome outcome : Outcome.values()) {
			assertThat(Sample.outcome(Sample.ttfb(Sample.MAX_INDEX, outcome, Sample.LONGEST))).isEqualTo(outcome);
			assertThat(Sample.outcome(Sample.app(outcome, Sample.LONGEST))).isEqualTo(outcome);
		}
	}

	@Test
	void refusesAnIndexThatDoesNotFit() {
		assertThat(Sample.isPossible(Sample.MAX_INDEX)).isTrue();
		assertThat(Sample.isPossible(Sample.MAX_INDEX + 1)).isFalse();
	}

}
