package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RemainingTime}.
 */
class RemainingTimeTests {

	private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE);

	private final RemainingTime time = new RemainingTime(Duration.ofMillis(120), this.clock::get);

	@Test
	void passes() {
		assertThat(after(Duration.ofMillis(40))).isEqualTo(Duration.ofMillis(80));
		assertThat(after(Duration.ofMillis(40))).isEqualTo(Duration.ofMillis(40));
		assertThat(after(Duration.ofMillis(40))).isEqualTo(Duration.ZERO);
		assertThat(after(Duration.ofMillis(40))).isEqualTo(Duration.ZERO);
	}

	@Test
	void hardlyPassesWhileAllThreadsAreStopped() {
		assertThat(after(Duration.ofMinutes(20))).isEqualTo(Duration.ofMillis(70));
		assertThat(after(Duration.ofMillis(10))).isEqualTo(Duration.ofMillis(60));
	}

	private Duration after(Duration duration) {
		this.clock.addAndGet(duration.toNanos());
		return Duration.ofNanos(this.time.look());
	}

}
