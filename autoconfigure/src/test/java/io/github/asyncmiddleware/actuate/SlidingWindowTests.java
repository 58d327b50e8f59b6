package io.github.asyncmiddleware.actuate;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SlidingWindow}.
 */
class SlidingWindowTests {

	private final SlidingWindow window = new SlidingWindow();

	@Test
	void reachesFiveMinutesBack() {
		assertThat(SlidingWindow.LENGTH).hasMinutes(5);
		for (int minute = 0; minute <= 10; minute++) {
			this.window.record(minute, 1000 * minute);
		}
		DurationHistogram read = this.window.read(10);
		assertThat(read.quantile(0.01)).isCloseTo(6000, Percentage.withPercentage(1));
		assertThat(read.mean()).isEqualTo(8000);
		assertThat(read.max()).isEqualTo(10000);
	}

	@Test
	void forgetsAMinuteAtATime() {
		this.window.record(0, 9000);
		this.window.record(1, 7000);
		assertThat(this.window.read(4).max()).isEqualTo(9000);
		assertThat(this.window.read(5).max()).isEqualTo(7000);
		assertThat(this.window.read(6).isEmpty()).isTrue();
	}

	@Test
	void countsSinceStart() {
		this.window.record(0, 1000);
		this.window.record(100, 1000);
		this.window.record(200, 1000);
		assertThat(this.window.count()).isEqualTo(3);
		assertThat(this.window.read(300).isEmpty()).isTrue();
	}

	@Test
	void takesALateDurationForItsOwnMinute() {
		this.window.record(6, 1000);
		this.window.record(3, 5000);
		assertThat(this.window.read(6).max()).isEqualTo(5000);
		assertThat(this.window.read(7).max()).isEqualTo(5000);
		assertThat(this.window.read(8).max()).isEqualTo(1000);
	}

	@Test
	void onlyCountsADurationThatIsTooLate() {
		this.window.record(6, 1000);
		this.window.record(1, 5000);
		this.window.record(0, 5000);
		assertThat(this.window.read(6).max()).isEqualTo(1000);
		assertThat(this.window.count()).isEqualTo(3);
	}

	@Test
	void readsWhatDoesNotChangeAnyMore() {
		this.window.record(0, 1000);
		DurationHistogram read = this.window.read(0);
		this.window.record(0, 9000);
		assertThat(read.max()).isEqualTo(1000);
	}

}
