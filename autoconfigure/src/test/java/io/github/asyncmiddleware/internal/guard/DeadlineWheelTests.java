package io.github.asyncmiddleware.internal.guard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.scheduler.NonBlocking;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadlineWheel}, in real time.
 */
class DeadlineWheelTests {

	private final List<Thread> others = threads().toList();

	private final DeadlineWheel wheel = new DeadlineWheel();

	@AfterEach
	void close() {
		this.wheel.close();
		Awaitility.await().untilAsserted(() -> assertThat(thread()).isNull());
	}

	@Test
	void ringsOnceAndNeverEarly() throws Exception {
		int timers = 2_000;
		CountDownLatch rung = new CountDownLatch(timers);
		List<Long> early = Collections.synchronizedList(new ArrayList<>());
		AtomicInteger blocking = new AtomicInteger();
		for (int i = 0; i < timers; i++) {
			long at = System.nanoTime() + ThreadLocalRandom.current().nextLong(1, 300_000_000);
			this.wheel.schedule(() -> {
				long left = at - System.nanoTime();
				if (left > 0) {
					early.add(left);
				}
				if (!(Thread.currentThread() instanceof NonBlocking)) {
					blocking.incrementAndGet();
				}
				rung.countDown();
			}, at - System.nanoTime());
		}
		assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(early).isEmpty();
		assertThat(blocking).hasValue(0);
		assertThat(this.wheel.timers()).isZero();
	}

	@Test
	void ringsInALaterRound() throws Exception {
		// A round takes 2.56 s
		long start = System.nanoTime();
		CountDownLatch rung = new CountDownLatch(1);
		this.wheel.schedule(rung::countDown, Duration.ofMillis(2_700).toNanos());
		assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(2_700));
	}

	@Test
	void aTimerThatIsTakenBackDoesNotRing() {
		AtomicInteger rung = new AtomicInteger();
		List<Disposable> timers = new ArrayList<>();
		IntStream.range(0, 1_000)
			.forEach((i) -> timers.add(this.wheel.schedule(rung::incrementAndGet, Duration.ofMinutes(1).toNanos())));
		assertThat(this.wheel.timers()).isEqualTo(1_000);
		Collections.shuffle(timers);
		timers.forEach(Disposable::dispose);
		timers.forEach(Disposable::dispose);
		assertThat(this.wheel.timers()).isZero();
		assertThat(timers).allMatch(Disposable::isDisposed);
		CountDownLatch later = new CountDownLatch(1);
		this.wheel.schedule(later::countDown, 1);
		Awaitility.await().until(() -> later.getCount() == 0);
		assertThat(rung).hasValue(0);
	}

	@Test
	void manyThreadsLoseNothing() throws Exception {
		int each = 20_000;
		AtomicInteger rung = new AtomicInteger();
		AtomicInteger expected = new AtomicInteger();
		List<Thread> threads = IntStream.range(0, 4).mapToObj((i) -> new Thread(() -> {
			ThreadLocalRandom random = ThreadLocalRandom.current();
			for (int j = 0; j < each; j++) {
				boolean taken = random.nextInt(10) != 0;
				Disposable timer = this.wheel.schedule(rung::incrementAndGet,
						taken ? Duration.ofMinutes(1).toNanos() : random.nextLong(1, 30_000_000));
				if (taken) {
					timer.dispose();
				}
				else {
					expected.incrementAndGet();
				}
			}
		})).toList();
		threads.forEach(Thread::start);
		for (Thread thread : threads) {
			thread.join();
		}
		Awaitility.await().untilAsserted(() -> assertThat(rung).hasValue(expected.get()));
		assertThat(this.wheel.timers()).isZero();
	}

	@Test
	void itsThreadIsThereOnlyWhenItIsNeededAndSleepsInBetween() {
		assertThat(thread()).isNull();
		AtomicInteger rung = new AtomicInteger();
		this.wheel.schedule(rung::incrementAndGet, 1);
		Thread thread = thread();
		assertThat(thread).isNotNull();
		assertThat(thread.isDaemon()).isTrue();
		Awaitility.await().untilAsserted(() -> assertThat(rung).hasValue(1));
		// With nothing to wait for it does not wake up by itself
		Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
		this.wheel.schedule(rung::incrementAndGet, 1);
		Awaitility.await().untilAsserted(() -> assertThat(rung).hasValue(2));
		assertThat(thread()).isSameAs(thread);
	}

	@Test
	void aTaskThatFailsOrBlocksHoldsUpNoOther() throws Exception {
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch rung = new CountDownLatch(1);
		try {
			this.wheel.schedule(() -> {
				try {
					release.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}, 1);
			this.wheel.schedule(rung::countDown, Duration.ofMillis(20).toNanos());
			Awaitility.await().until(() -> this.wheel.timers() == 0);
		}
		finally {
			release.countDown();
		}
		assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void rejectsNothingWhenItIsClosed() {
		AtomicInteger rung = new AtomicInteger();
		this.wheel.schedule(rung::incrementAndGet, Duration.ofMinutes(1).toNanos());
		this.wheel.close();
		assertThat(this.wheel.schedule(rung::incrementAndGet, 1).isDisposed()).isTrue();
		Awaitility.await().untilAsserted(() -> assertThat(thread()).isNull());
	}

	private @Nullable Thread thread() {
		return threads().filter((thread) -> !this.others.contains(thread)).findFirst().orElse(null);
	}

	private static Stream<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals(DeadlineWheel.THREAD_NAME));
	}

}
