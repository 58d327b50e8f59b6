package io.github.asyncmiddleware.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.micrometer.core.instrument.Clock;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BatchClock}.
 */
class BatchClockTests {

	private final BatchClock clock = new BatchClock(Clock.SYSTEM);

	@Test
	void standsStillForTheThreadThatHoldsIt() {
		this.clock.hold();
		long held = this.clock.wallTime();
		waitFor(Clock.SYSTEM.wallTime() + 2);
		assertThat(this.clock.wallTime()).isEqualTo(held);
		this.clock.letGo();
		assertThat(this.clock.wallTime()).isGreaterThan(held);
	}

	@Test
	void goesOnForAllOthers() {
		this.clock.hold();
		long held = this.clock.wallTime();
		waitFor(held + 2);
		assertThat(inAnotherThread()).isGreaterThan(held);
		assertThat(this.clock.monotonicTime()).isGreaterThan(0);
	}

	@Test
	void cannotBeLetGoByAnotherThread() {
		this.clock.hold();
		long held = this.clock.wallTime();
		waitFor(held + 2);
		CompletableFuture.runAsync(this.clock::letGo, (task) -> new Thread(task).start()).join();
		assertThat(this.clock.wallTime()).isEqualTo(held);
	}

	@Test
	void showsTheTimeOfNobodyElse() {
		List<Thread> threads = new ArrayList<>();
		this.clock.hold();
		long held = this.clock.wallTime();
		waitFor(held + 2);
		List<CompletableFuture<Long>> later = new ArrayList<>();
		// More than there are places, so that some have to take that of this thread
		for (int i = 0; i < 200; i++) {
			later.add(CompletableFuture.supplyAsync(() -> {
				this.clock.hold();
				return this.clock.wallTime();
			}, (task) -> {
				Thread thread = new Thread(task);
				threads.add(thread);
				thread.start();
			}));
		}
		assertThat(later).allSatisfy((time) -> assertThat(time.join()).isGreaterThan(held));
		assertThat(threads).hasSize(200);
		// Its place is taken, so the clock goes on instead of showing another one's time
		assertThat(this.clock.wallTime()).isGreaterThan(held);
	}

	private long inAnotherThread() {
		return CompletableFuture.supplyAsync(this.clock::wallTime, (task) -> new Thread(task).start()).join();
	}

	private static void waitFor(long time) {
		while (Clock.SYSTEM.wallTime() < time) {
			Thread.onSpinWait();
		}
	}

}
