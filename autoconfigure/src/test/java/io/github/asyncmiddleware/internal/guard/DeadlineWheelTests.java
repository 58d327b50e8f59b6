package io.github.asyncmiddleware.internal.guard;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.scheduler.NonBlocking;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadlineWheel}, in real time.
 */
@ExtendWith(OutputCaptureExtension.class)
class DeadlineWheelTests {

	private static final String HOOK = "deadlines";

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
	void itsThreadWaitsFromOneTickToTheNext() {
		this.wheel.schedule(() -> {
		}, Duration.ofMinutes(1).toNanos());
		Thread thread = thread();
		Awaitility.await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
	}

	@Test
	void itsThreadKeepsNothingOfTheOneThatStartsIt() throws Exception {
		Thread current = Thread.currentThread();
		ClassLoader before = current.getContextClassLoader();
		try (URLClassLoader ofRequest = new URLClassLoader(new URL[0], before)) {
			current.setContextClassLoader(ofRequest);
			this.wheel.schedule(() -> {
			}, 1);
		}
		finally {
			current.setContextClassLoader(before);
		}
		assertThat(thread().getContextClassLoader()).isSameAs(DeadlineWheel.class.getClassLoader());
	}

	@Test
	void itsThreadEndsWhenItIsClosedInItsSleep() {
		AtomicInteger rung = new AtomicInteger();
		this.wheel.schedule(rung::incrementAndGet, 1);
		Thread thread = thread();
		Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
		this.wheel.close();
		Awaitility.await().until(() -> !thread.isAlive());
	}

	@Test
	void ringsAllThatIsDueAfterAPauseOfSeveralRounds() throws Exception {
		int timers = 512;
		CountDownLatch rung = new CountDownLatch(timers);
		try (DeadlineWheel wheel = new DeadlineWheel((task) -> new Thread(() -> {
		}))) {
			for (int i = 0; i < timers; i++) {
				wheel.schedule(rung::countDown, Duration.ofMillis(5 * i).toNanos());
			}
			wheel.turnTo(1_000_000);
			assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(wheel.timers()).isZero();
		}
	}

	@Test
	void aTimerForATickThatIsGoneRingsWithTheNext() throws Exception {
		CountDownLatch rung = new CountDownLatch(1);
		try (DeadlineWheel wheel = new DeadlineWheel((task) -> new Thread(() -> {
		}))) {
			wheel.turnTo(1_000_000);
			wheel.schedule(rung::countDown, 1);
			wheel.turnTo(1_000_001);
			assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
		}
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

	static List<Throwable> failures() {
		return List.of(new IllegalStateException("test"), new AssertionError("test"), new LinkageError("test"),
				new InternalError("test"), new StackOverflowError("test"), new OutOfMemoryError("test"));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aScheduleHookThatThrowsOnceCostsNoTimer(Throwable failure, CapturedOutput output) throws Exception {
		AtomicBoolean thrown = new AtomicBoolean();
		AtomicInteger blocking = new AtomicInteger();
		CountDownLatch rung = new CountDownLatch(3);
		onSchedule(() -> !thrown.getAndSet(true), failure, () -> {
			for (long delay : new long[] { 1, 1, 30_000_000 }) {
				this.wheel.schedule(() -> {
					blocking.addAndGet((Thread.currentThread() instanceof NonBlocking) ? 0 : 1);
					rung.countDown();
				}, delay);
			}
			assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
		});
		assertThat(thrown).isTrue();
		assertThat(blocking).hasValue(0);
		assertThat(this.wheel.timers()).isZero();
		assertThat(warnings(output)).containsExactly(warning("have a deadline handled by Schedulers.parallel()"));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aScheduleHookThatAlwaysThrowsCostsNoTimer(Throwable failure, CapturedOutput output) throws Exception {
		AtomicInteger rung = new AtomicInteger();
		onSchedule(() -> true, failure, () -> {
			for (int i = 0; i < 20; i++) {
				this.wheel.schedule(() -> {
					rung.incrementAndGet();
					Thread.currentThread().interrupt();
					throw new IllegalStateException("task");
				}, Duration.ofMillis(i).toNanos());
			}
			Awaitility.await().untilAsserted(() -> assertThat(rung).hasValue(20));
		});
		CountDownLatch later = new CountDownLatch(1);
		this.wheel.schedule(later::countDown, 1);
		assertThat(later.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(rung).hasValue(20);
		assertThat(warnings(output)).containsExactly(warning("have a deadline handled by Schedulers.parallel()"));
	}

	@Test
	void aSchedulerThatCannotBeHadCostsNoTimer(CapturedOutput output) throws Exception {
		inScheduler(() -> {
			throw new OutOfMemoryError("test");
		}, () -> assertThat(ringsAll(5)).isTrue());
		assertThat(ringsAll(5)).isTrue();
		assertThat(warnings(output)).containsExactly(warning("have a deadline handled by Schedulers.parallel()"));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aTaskThatFailsWhileTheApplicationGoesDownCostsNoTimer(Throwable failure, CapturedOutput output)
			throws Exception {
		Scheduler down = Schedulers.newSingle("down");
		inScheduler(() -> down, () -> {
			Schedulers.parallel();
			down.dispose();
			this.wheel.schedule(() -> sneakyThrow(failure), 1);
			this.wheel.schedule(() -> sneakyThrow(failure), 1);
			assertThat(ringsAll(5)).isTrue();
		});
		assertThat(warnings(output)).containsExactly(warning("handle a deadline"));
	}

	@Test
	void aTaskThatASchedulerTakesAndThrowsIsCalledOnce() throws Exception {
		AtomicInteger rung = new AtomicInteger();
		Scheduler parallel = Schedulers.newSingle("parallel");
		try {
			inScheduler(() -> new TakesAndThrows(parallel), () -> {
				this.wheel.schedule(rung::incrementAndGet, 1);
				Awaitility.await().untilAsserted(() -> assertThat(rung).hasValue(1));
				assertThat(ringsAll(5)).isTrue();
			});
		}
		finally {
			parallel.dispose();
		}
		assertThat(rung).hasValue(1);
	}

	@Test
	void anInterruptDoesNotKeepItAwake() throws Exception {
		assertThat(ringsAll(1)).isTrue();
		Thread thread = thread();
		thread.interrupt();
		Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
		thread.interrupt();
		Awaitility.await().until(() -> !thread.isInterrupted() && thread.getState() == Thread.State.WAITING);
		assertThat(ringsAll(1)).isTrue();
	}

	@Test
	void aThreadThatCannotBeStartedIsTriedAgain(CapturedOutput output) throws Exception {
		AtomicInteger started = new AtomicInteger();
		try (DeadlineWheel wheel = new DeadlineWheel((task) -> new Thread(task, DeadlineWheel.THREAD_NAME) {

			@Override
			public void start() {
				if (started.getAndIncrement() < 2) {
					throw new OutOfMemoryError("unable to create native thread");
				}
				setDaemon(true);
				super.start();
			}

		})) {
			CountDownLatch rung = new CountDownLatch(3);
			List<Long> early = Collections.synchronizedList(new ArrayList<>());
			AtomicInteger takenBack = new AtomicInteger();
			for (int i = 0; i < 3; i++) {
				long at = System.nanoTime() + Duration.ofMillis(1500).toNanos();
				wheel.schedule(() -> {
					if (System.nanoTime() - at < 0) {
						early.add(at);
					}
					rung.countDown();
				}, Duration.ofMillis(1500).toNanos());
				wheel.schedule(takenBack::incrementAndGet, Duration.ofSeconds(1).toNanos()).dispose();
			}
			assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(early).isEmpty();
			assertThat(takenBack).hasValue(0);
			assertThat(started).hasValue(3);
			assertThat(wheel.timers()).isZero();
		}
		assertThat(warnings(output)).containsExactly(
				warning("start the thread that deadlines depend on, which is tried again with the next one"));
	}

	@Test
	void setsATimerAlsoWhenNeitherAThreadNorASchedulerCanBeHad() throws Exception {
		AtomicBoolean possible = new AtomicBoolean();
		try (DeadlineWheel wheel = new DeadlineWheel((task) -> {
			if (!possible.get()) {
				throw new OutOfMemoryError("unable to create native thread");
			}
			return new Thread(task, DeadlineWheel.THREAD_NAME);
		})) {
			CountDownLatch rung = new CountDownLatch(2);
			inScheduler(() -> {
				throw new OutOfMemoryError("unable to create native thread");
			}, () -> assertThat(wheel.schedule(rung::countDown, 1).isDisposed()).isFalse());
			possible.set(true);
			wheel.schedule(rung::countDown, 1);
			assertThat(rung.await(10, TimeUnit.SECONDS)).isTrue();
		}
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

	private boolean ringsAll(int count) throws InterruptedException {
		CountDownLatch rung = new CountDownLatch(count);
		for (int i = 0; i < count; i++) {
			this.wheel.schedule(rung::countDown, Duration.ofMillis(i).toNanos());
		}
		return rung.await(10, TimeUnit.SECONDS);
	}

	private static List<String> warnings(CapturedOutput output) {
		return output.getOut()
			.lines()
			.filter((line) -> line.contains(" WARN ") && line.contains(DeadlineWheel.class.getSimpleName()))
			.map((line) -> line.substring(line.indexOf("Could not ")))
			.toList();
	}

	private static String warning(String what) {
		return "Could not " + what + ". Other deadlines are not affected; further failures are logged at debug level";
	}

	/**
	 * Have the thread of the wheel meet a hook that throws.
	 */
	private static void onSchedule(Supplier<Boolean> throwing, Throwable failure, Action action) throws Exception {
		Schedulers.onScheduleHook(HOOK, (task) -> {
			if (Thread.currentThread().getName().equals(DeadlineWheel.THREAD_NAME) && throwing.get()) {
				sneakyThrow(failure);
			}
			return task;
		});
		try {
			action.perform();
		}
		finally {
			Schedulers.resetOnScheduleHook(HOOK);
		}
	}

	/**
	 * Have another scheduler in place of the parallel one.
	 */
	private static void inScheduler(Supplier<Scheduler> scheduler, Action action) throws Exception {
		Schedulers.Snapshot before = Schedulers.setFactoryWithSnapshot(new Schedulers.Factory() {

			@Override
			public Scheduler newParallel(int parallelism, ThreadFactory threads) {
				return scheduler.get();
			}

		});
		try {
			action.perform();
		}
		finally {
			Schedulers.resetFrom(before);
		}
	}

	@SuppressWarnings("unchecked")
	private static <E extends Throwable> void sneakyThrow(Throwable failure) throws E {
		throw (E) failure;
	}

	/**
	 * What a test does meanwhile.
	 */
	private interface Action {

		void perform() throws Exception;

	}

	/**
	 * Fails after it has taken a task, as an executor that cannot start another thread.
	 */
	private record TakesAndThrows(Scheduler actual) implements Scheduler {

		@Override
		public Disposable schedule(Runnable task) {
			this.actual.schedule(task);
			throw new OutOfMemoryError("unable to create native thread");
		}

		@Override
		public Worker createWorker() {
			return this.actual.createWorker();
		}

	}

}
