package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.internal.chain.OverloadException;
import io.github.asyncmiddleware.internal.guard.LogNames;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskRejectedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Offloader}.
 */
@ExtendWith(OutputCaptureExtension.class)
class OffloaderTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final int UNBOUNDED = Integer.MAX_VALUE;

	private final List<Work> works = new ArrayList<>();

	private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();

	private final AtomicInteger tasks = new AtomicInteger();

	/** One party for each busy worker, and one for the test. */
	private final Phaser busy = new Phaser(1);

	private @Nullable ThreadPoolExecutor pool;

	@AfterEach
	void stop() throws InterruptedException {
		this.works.forEach(Work::release);
		if (this.pool != null) {
			this.pool.shutdownNow();
			assertThat(this.pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
		}
	}

	@Test
	void worksOnTheExecutorAndEmitsThere() {
		Offloader offloader = offloader(1, 0);
		List<String> threads = new CopyOnWriteArrayList<>();
		StepVerifier.create(offloader.limit(UNBOUNDED).call(() -> {
			threads.add(Thread.currentThread().getName());
			return "result";
		}, (result) -> false).doOnNext((result) -> threads.add(Thread.currentThread().getName())))
			.expectNext("result")
			.expectComplete()
			.verify(PATIENCE);
		assertThat(threads).containsExactly("worker-1", "worker-1");
	}

	@Test
	void completesForNull() {
		StepVerifier.create(offloader(1, 0).limit(1).call(() -> null, (result) -> false))
			.expectComplete()
			.verify(PATIENCE);
	}

	@Test
	void worksForEachSubscription() {
		AtomicInteger calls = new AtomicInteger();
		Mono<Integer> call = offloader(1, 1).limit(1).call(calls::incrementAndGet, (result) -> false);
		assertThat(calls).hasValue(0);
		assertThat(call.block(PATIENCE)).isEqualTo(1);
		assertThat(call.block(PATIENCE)).isEqualTo(2);
	}

	@Test
	void signalsExceptionsAsTheyAre() {
		Offloader offloader = offloader(1, 1);
		for (Exception ex : List.of(new IOException("test"), new InterruptedException("test"),
				new IllegalStateException("test"))) {
			StepVerifier.create(offloader.limit(1).call(() -> {
				throw ex;
			}, (result) -> true)).expectErrorSatisfies((error) -> {
				assertThat(error).isSameAs(ex);
				assertThat(offloader.active()).isZero();
			}).verify(PATIENCE);
		}
	}

	@Test
	void signalsLinkageErrors() {
		StepVerifier.create(offloader(1, 0).limit(1).call(() -> {
			throw new NoClassDefFoundError("Missing");
		}, (result) -> true)).expectErrorSatisfies((error) -> {
			assertThat(error).isInstanceOf(IllegalStateException.class);
			assertThat(error).hasCauseInstanceOf(NoClassDefFoundError.class);
		}).verify(PATIENCE);
	}

	@ParameterizedTest
	@MethodSource("fatal")
	void signalsFatalErrorsOnceAndThrowsThemNowhere(VirtualMachineError fatal) throws InterruptedException {
		Offloader offloader = offloader(1, 0);
		StepVerifier.create(offloader.limit(1).call(() -> {
			throw fatal;
		}, (result) -> true)).expectErrorSatisfies((error) -> {
			assertThat(error).isInstanceOf(IllegalStateException.class).hasCause(fatal);
			assertThat(offloader.active()).isZero();
		}).verify(PATIENCE);
		sync();
		assertThat(this.uncaught).isEmpty();
	}

	static List<VirtualMachineError> fatal() {
		return List.of(new StackOverflowError("test"), new OutOfMemoryError("test"), new InternalError("test"));
	}

	@Test
	void signalsWhatThePredicateThrows() {
		Offloader offloader = offloader(1, 0);
		List<Object> discarded = new CopyOnWriteArrayList<>();
		StepVerifier.create(offloader.limit(1).<String>call(() -> "result", (result) -> {
			throw new IllegalStateException("predicate");
		}).contextWrite((context) -> discardingTo(context, discarded)))
			.expectErrorMessage("predicate")
			.verify(PATIENCE);
		assertThat(discarded).containsExactly("result");
		assertIdle(offloader);
	}

	@Test
	void emitsWhatIsRequestedLater() throws InterruptedException {
		Offloader offloader = offloader(1, 0);
		Outcome outcome = new Outcome(0);
		offloader.limit(1).call(() -> "result", (result) -> true).subscribe(outcome);
		sync();
		assertThat(outcome.signals).isEmpty();
		assertIdle(offloader);
		outcome.request(1);
		assertThat(outcome.signals).containsExactly("result", "complete");
	}

	@Test
	void discardsWhatIsNeverRequested() throws InterruptedException {
		List<Object> discarded = new CopyOnWriteArrayList<>();
		Outcome outcome = new Outcome(0);
		offloader(1, 0).limit(1)
			.call(() -> "result", (result) -> true)
			.contextWrite((context) -> discardingTo(context, discarded))
			.subscribe(outcome);
		sync();
		outcome.cancel();
		outcome.request(1);
		assertThat(discarded).containsExactly("result");
		assertThat(outcome.signals).isEmpty();
	}

	@Test
	void neverWorksOnMoreThanItMay() throws InterruptedException {
		Offloader offloader = offloader(8, 3, 1000);
		Limit limit = offloader.limit(UNBOUNDED);
		AtomicInteger running = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		CyclicBarrier three = new CyclicBarrier(3);
		CountDownLatch done = new CountDownLatch(300);
		for (int i = 0; i < 300; i++) {
			limit.call(() -> {
				most.accumulateAndGet(running.incrementAndGet(), Math::max);
				// All three permits are of use
				three.await(10, TimeUnit.SECONDS);
				return running.decrementAndGet();
			}, (result) -> true).subscribe((value) -> done.countDown(), this.uncaught::add);
		}
		await(done);
		assertThat(most).hasValue(3);
		assertThat(this.uncaught).isEmpty();
	}

	@Test
	void letsTheFirstInFirst() throws InterruptedException {
		Offloader offloader = offloader(1, 100);
		Limit[] limits = { offloader.limit(UNBOUNDED), offloader.limit(1), offloader.limit(2) };
		Work first = work(limits[0]);
		List<Integer> order = new CopyOnWriteArrayList<>();
		CountDownLatch done = new CountDownLatch(100);
		List<Integer> expected = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			int number = i;
			expected.add(i);
			limits[i % 3].call(() -> order.add(number), (result) -> false).subscribe((value) -> done.countDown());
		}
		assertThat(offloader.queued()).isEqualTo(100);
		first.release();
		await(done);
		assertThat(order).containsExactlyElementsOf(expected);
	}

	@Test
	void turnsAwayWhatCannotWait() throws InterruptedException {
		Offloader offloader = offloader(1, 2);
		Limit limit = offloader.limit(UNBOUNDED);
		Work running = work(limit);
		Outcome second = subscribe(limit.call(() -> 2, (result) -> false));
		Outcome third = subscribe(limit.call(() -> 3, (result) -> false));
		Outcome fourth = subscribe(limit.call(() -> 4, (result) -> false));
		assertThat(fourth.signals).singleElement().isInstanceOf(OverloadException.class);
		assertThat(fourth.thread).isSameAs(Thread.currentThread());
		assertThat(offloader.queued()).isEqualTo(2);
		assertThat(offloader.active()).isEqualTo(1);
		running.release();
		await(third.ended);
		assertThat(second.signals).containsExactly(2, "complete");
		assertThat(third.signals).containsExactly(3, "complete");
	}

	@Test
	void needsNoQueue() throws InterruptedException {
		Offloader offloader = offloader(1, 0);
		Limit limit = offloader.limit(UNBOUNDED);
		Work running = work(limit);
		assertThat(subscribe(limit.call(() -> 2, (result) -> false)).signals).singleElement()
			.isInstanceOf(OverloadException.class);
		running.release();
		await(running.outcome.ended);
		assertThat(limit.call(() -> 3, (result) -> false).block(PATIENCE)).isEqualTo(3);
	}

	@Test
	void doesNotLetAFullLimitBlockOthers() throws InterruptedException {
		Offloader offloader = offloader(2, 1025);
		Limit full = offloader.limit(1);
		Limit other = offloader.limit(UNBOUNDED);
		Work inFull = work(full);
		List<Integer> order = new CopyOnWriteArrayList<>();
		CountDownLatch done = new CountDownLatch(1024);
		List<Integer> expected = new ArrayList<>();
		for (int i = 0; i < 1024; i++) {
			int number = i;
			expected.add(i);
			full.call(() -> order.add(number), (result) -> false).subscribe((value) -> done.countDown());
		}
		assertThat(offloader.queued()).isEqualTo(1024);
		assertThat(offloader.active()).isEqualTo(1);
		Work inOther = work(other);
		Outcome waiting = subscribe(other.call(() -> "overtakes", (result) -> false));
		assertThat(offloader.queued()).isEqualTo(1025);
		inOther.release();
		await(waiting.ended);
		assertThat(waiting.signals).containsExactly("overtakes", "complete");
		assertThat(order).isEmpty();
		inFull.release();
		await(done);
		assertThat(order).containsExactlyElementsOf(expected);
	}

	@Test
	void boundsALimit() throws InterruptedException {
		Offloader offloader = offloader(4, 10);
		Limit limit = offloader.limit(2);
		Work first = work(limit);
		work(limit);
		Outcome third = subscribe(limit.call(() -> 3, (result) -> false));
		assertThat(offloader.active()).isEqualTo(2);
		assertThat(offloader.queued()).isEqualTo(1);
		first.release();
		await(third.ended);
		assertThat(third.signals).containsExactly(3, "complete");
	}

	@Test
	void freesTheQueueOnCancel() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		Work running = work(limit);
		AtomicInteger calls = new AtomicInteger();
		Outcome cancelled = subscribe(limit.call(calls::incrementAndGet, (result) -> false));
		cancelled.cancel();
		assertThat(offloader.queued()).isZero();
		Outcome next = subscribe(limit.call(() -> "next", (result) -> false));
		assertThat(offloader.queued()).isEqualTo(1);
		running.release();
		await(next.ended);
		assertThat(next.signals).containsExactly("next", "complete");
		assertThat(cancelled.signals).isEmpty();
		assertThat(calls).hasValue(0);
		assertIdle(offloader);
	}

	@Test
	void doesNothingIfCancelledAtOnce() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		AtomicInteger calls = new AtomicInteger();
		Outcome outcome = new Outcome(-1);
		offloader.limit(1).call(calls::incrementAndGet, (result) -> false).subscribe(outcome);
		sync();
		assertThat(calls).hasValue(0);
		assertThat(outcome.signals).isEmpty();
		assertThat(this.tasks).hasValue(0);
		assertIdle(offloader);
	}

	@Test
	void doesNotWorkIfCancelledOnTheWayToTheWorker() {
		Queue<Runnable> handed = new ConcurrentLinkedQueue<>();
		Offloader offloader = new Offloader(handed::add, 1, 0);
		AtomicInteger calls = new AtomicInteger();
		Outcome outcome = subscribe(offloader.limit(1).call(calls::incrementAndGet, (result) -> true));
		outcome.cancel();
		assertThat(offloader.active()).isEqualTo(1);
		assertThat(offloader.abandoned()).isEqualTo(1);
		handed.remove().run();
		assertThat(calls).hasValue(0);
		assertThat(outcome.signals).isEmpty();
		assertIdle(offloader);
	}

	@Test
	void keepsThePermitUntilCancelledWorkReturns(CapturedOutput output) throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(1);
		Work stubborn = work(limit);
		stubborn.outcome.cancel();
		stubborn.outcome.cancel();
		assertThat(offloader.active()).isEqualTo(1);
		assertThat(offloader.abandoned()).isEqualTo(1);
		Outcome next = subscribe(limit.call(() -> "next", (result) -> false));
		assertThat(offloader.queued()).isEqualTo(1);
		stubborn.release();
		await(next.ended);
		assertThat(next.signals).containsExactly("next", "complete");
		assertThat(stubborn.outcome.signals).isEmpty();
		assertThat(stubborn.discarded).containsExactly("result");
		assertIdle(offloader);
		assertThat(output).doesNotContain("onErrorDropped", "WARN", "ERROR");
	}

	@Test
	void interruptsSleepingWorkOnce() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		CountDownLatch cancelledAgain = new CountDownLatch(1);
		AtomicInteger interrupts = new AtomicInteger();
		Outcome outcome = subscribe(offloader.limit(1).call(() -> {
			started.countDown();
			while (cancelledAgain.getCount() > 0) {
				try {
					cancelledAgain.await(10, TimeUnit.SECONDS);
				}
				catch (InterruptedException ex) {
					interrupts.incrementAndGet();
					interrupted.countDown();
				}
			}
			return Thread.interrupted() ? interrupts.incrementAndGet() : null;
		}, (result) -> true));
		await(started);
		outcome.cancel();
		await(interrupted);
		outcome.cancel();
		outcome.cancel();
		cancelledAgain.countDown();
		sync();
		assertThat(interrupts).hasValue(1);
		assertIdle(offloader);
	}

	@Test
	void keepsQuietAboutFailuresAfterCancel(CapturedOutput output) throws InterruptedException {
		LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
		List<Throwable> dropped = new CopyOnWriteArrayList<>();
		Hooks.onErrorDropped(dropped::add);
		logging.setLogLevel(LogNames.FAILURE, LogLevel.DEBUG);
		try {
			CountDownLatch started = new CountDownLatch(1);
			Outcome outcome = subscribe(offloader(1, 1).limit(1).call(() -> {
				started.countDown();
				new CountDownLatch(1).await(10, TimeUnit.SECONDS);
				return "not interrupted";
			}, (result) -> true));
			await(started);
			outcome.cancel();
			sync();
			assertThat(outcome.signals).isEmpty();
			assertThat(dropped).isEmpty();
			assertThat(output).contains("DEBUG", "Blocking work failed after its request was cancelled")
				.contains("InterruptedException");
		}
		finally {
			logging.setLogLevel(LogNames.FAILURE, null);
			Hooks.resetOnErrorDropped();
		}
	}

	@Test
	void leavesNoInterruptBehindWhenCancelAndEndRace() throws Exception {
		PlainWorker worker = new PlainWorker();
		worker.start();
		Offloader offloader = new Offloader(worker, 1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		AtomicInteger leftOver = worker.interrupts;
		int hit = 0;
		int longest = 200;
		for (int i = 0; i < 20_000; i++) {
			CountDownLatch started = new CountDownLatch(1);
			AtomicInteger pause = new AtomicInteger(i % longest);
			Outcome outcome = subscribe(limit.call(() -> {
				if (Thread.interrupted()) {
					leftOver.incrementAndGet();
				}
				started.countDown();
				while (pause.getAndDecrement() > 0) {
					Thread.onSpinWait();
				}
				return "result";
			}, (result) -> false).doOnNext((result) -> {
				if (Thread.currentThread().isInterrupted()) {
					leftOver.incrementAndGet();
				}
			}));
			await(started);
			outcome.cancel();
			if (limit.call(Thread::interrupted, (result) -> false).block(PATIENCE) == Boolean.TRUE) {
				leftOver.incrementAndGet();
			}
			boolean cancelled = outcome.signals.isEmpty();
			hit += cancelled ? 1 : 0;
			// However fast the machine is, each of them is the first about as often
			longest = Math.max(cancelled ? longest - longest / 20 : longest + longest / 20, 20);
		}
		worker.end();
		assertThat(leftOver).hasValue(0);
		assertThat(hit).isBetween(1, 19_999);
		assertIdle(offloader);
	}

	@Test
	void waitsForAnInterruptThatIsOnItsWay() throws InterruptedException {
		CountDownLatch interrupting = new CountDownLatch(1);
		CountDownLatch mayInterrupt = new CountDownLatch(1);
		this.pool = pool(1, (task) -> new SlowToInterrupt(task, interrupting, mayInterrupt));
		Offloader offloader = new Offloader(this.pool, 1, 1);
		Limit limit = offloader.limit(1);
		Work work = work(limit);
		Thread canceller = new Thread(work.outcome::cancel);
		canceller.start();
		await(interrupting);
		Outcome next = subscribe(limit.call(Thread::interrupted, (result) -> false));
		work.release();
		await(work.returned);
		// Nothing can be waited for here; too short a time would hide a mistake, not
		// invent one
		assertThat(next.ended.await(200, TimeUnit.MILLISECONDS)).isFalse();
		assertThat(offloader.active()).isEqualTo(1);
		mayInterrupt.countDown();
		await(next.ended);
		canceller.join(PATIENCE.toMillis());
		assertThat(next.signals).containsExactly(false, "complete");
		assertIdle(offloader);
	}

	@Test
	void doesNotInterruptTheEmission() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		CountDownLatch emitting = new CountDownLatch(1);
		CountDownLatch cancelled = new CountDownLatch(1);
		AtomicReference<@Nullable Boolean> interrupted = new AtomicReference<>();
		Outcome outcome = new Outcome(1) {

			@Override
			public void onNext(Object value) {
				emitting.countDown();
				awaitUninterruptibly(cancelled);
				interrupted.set(Thread.currentThread().isInterrupted());
			}

		};
		offloader.limit(1).call(() -> "result", (result) -> true).subscribe(outcome);
		await(emitting);
		outcome.cancel();
		cancelled.countDown();
		sync();
		assertThat(interrupted).hasValue(false);
		assertThat(offloader.abandoned()).isZero();
	}

	@Test
	void clearsTheFlagThatTheWorkHasSet() {
		Boolean interrupted = offloader(1, 1).limit(1).call(() -> {
			Thread.currentThread().interrupt();
			return "result";
		}, (result) -> true).map((result) -> Thread.currentThread().isInterrupted()).block(PATIENCE);
		assertThat(interrupted).isFalse();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void turnsAwayWhatTheExecutorRejects(boolean spring) {
		Offloader offloader = new Offloader((task) -> {
			throw spring ? new TaskRejectedException("test") : new RejectedExecutionException("test");
		}, 1, 1);
		Limit limit = offloader.limit(1);
		for (int i = 0; i < 3; i++) {
			assertThat(subscribe(limit.call(() -> "never", (result) -> false)).signals).singleElement()
				.isInstanceOf(OverloadException.class);
			assertIdle(offloader);
		}
	}

	@Test
	void turnsAwayWhatTheExecutorHasNoMemoryFor(CapturedOutput output) {
		Offloader offloader = new Offloader((task) -> {
			throw new OutOfMemoryError("unable to create native thread");
		}, 1, 1);
		assertThat(subscribe(offloader.limit(1).call(() -> "never", (result) -> false)).signals).singleElement()
			.isInstanceOf(OverloadException.class);
		assertIdle(offloader);
		assertThat(output).contains("WARN", "The executor could not start blocking work");
	}

	@Test
	void turnsAwayWhatTheExecutorRejectsLater() throws InterruptedException {
		Offloader offloader = offloader(1, 100);
		Limit limit = offloader.limit(1);
		Work running = work(limit);
		List<Outcome> waiting = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			Outcome outcome = new Outcome(1) {

				@Override
				public void onError(Throwable ex) {
					super.onError(ex);
					throw new IllegalStateException("One request must not be a problem of another");
				}

			};
			limit.call(() -> "never", (result) -> false).subscribe(outcome);
			waiting.add(outcome);
		}
		pool().shutdown();
		running.release();
		await(running.outcome.ended);
		assertThat(running.outcome.signals).containsExactly("result", "complete");
		for (Outcome outcome : waiting) {
			await(outcome.ended);
			assertThat(outcome.signals).singleElement().isInstanceOf(OverloadException.class);
		}
		assertIdle(offloader);
	}

	@Test
	void turnsEveryCallAwayOnceClosed() throws InterruptedException {
		Offloader offloader = offloader(1, 10);
		Limit limit = offloader.limit(1);
		Work running = work(limit);
		Outcome waiting = subscribe(limit.call(() -> "never", (result) -> false));
		offloader.close();
		offloader.close();
		assertThat(waiting.signals).singleElement().isInstanceOf(OverloadException.class);
		assertThat(subscribe(limit.call(() -> "never", (result) -> false)).signals).singleElement()
			.isInstanceOf(OverloadException.class);
		assertThat(offloader.queued()).isZero();
		assertThat(offloader.active()).isEqualTo(1);
		running.release();
		await(running.outcome.ended);
		assertThat(running.outcome.signals).containsExactly("result", "complete");
		assertIdle(offloader);
	}

	@Test
	void sharesOneThreadAndOnePermit() {
		Offloader offloader = offloader(4, 4);
		List<String> seen = new CopyOnWriteArrayList<>();
		Mono<String> chain = offloader.limit(1)
			.<String>call(() -> see(offloader, seen), (result) -> true)
			.flatMap((a) -> offloader.limit(1).<String>call(() -> see(offloader, seen), (result) -> true))
			.flatMap((b) -> offloader.limit(1).<String>call(() -> see(offloader, seen), (result) -> false));
		StepVerifier.create(chain)
			.assertNext((value) -> assertThat(offloader.active()).isZero())
			.expectComplete()
			.verify(PATIENCE);
		assertThat(seen).containsExactly("worker-1 1", "worker-1 1", "worker-1 1");
		assertThat(this.tasks).hasValue(1);
		assertIdle(offloader);
	}

	@Test
	void sharesTheThreadAfterNull() {
		Offloader offloader = offloader(4, 4);
		Limit limit = offloader.limit(UNBOUNDED);
		StepVerifier
			.create(limit.call(() -> null, (result) -> result == null)
				.then(limit.call(() -> null, (result) -> result == null))
				.then(limit.call(() -> null, (result) -> result == null)))
			.expectComplete()
			.verify(PATIENCE);
		assertThat(this.tasks).hasValue(1);
	}

	@Test
	void sharesTheThreadOfALongChain() throws InterruptedException {
		Offloader offloader = offloader(1, 0);
		Limit limit = offloader.limit(1);
		Mono<Object> chain = limit.call(() -> null, (result) -> true);
		for (int i = 0; i < 100; i++) {
			chain = chain.then(limit.call(() -> null, (result) -> true));
		}
		StepVerifier.create(chain).expectComplete().verify(PATIENCE);
		assertThat(this.tasks).hasValue(1);
		sync();
		assertIdle(offloader);
	}

	@Test
	void keepsThePermitWhileItEmits() throws InterruptedException {
		Offloader offloader = offloader(1, 0);
		AtomicInteger active = new AtomicInteger(-1);
		offloader.limit(1)
			.call(() -> "result", (result) -> true)
			.doOnNext((result) -> active.set(offloader.active()))
			.block(PATIENCE);
		assertThat(active).hasValue(1);
		sync();
		assertIdle(offloader);
	}

	@Test
	void freesItsPlaceInTheLimitBeforeItEmits() throws InterruptedException {
		Offloader offloader = offloader(2, 1);
		Limit limit = offloader.limit(1);
		Work work = work(limit);
		Outcome next = subscribe(limit.call(() -> "next", (result) -> false));
		CountDownLatch emitting = new CountDownLatch(1);
		work.stays = true;
		work.onResult = () -> {
			emitting.countDown();
			awaitUninterruptibly(next.ended);
		};
		work.release();
		await(emitting);
		await(next.ended);
		assertThat(next.signals).containsExactly("next", "complete");
	}

	@Test
	void doesNotShareAPermitThatIsGivenBack() {
		Offloader offloader = offloader(1, 0);
		Limit limit = offloader.limit(1);
		AtomicInteger active = new AtomicInteger(-1);
		StepVerifier
			.create(limit.<Integer>call(() -> 1, (result) -> false)
				.doOnNext((result) -> active.set(offloader.active()))
				.flatMap((a) -> limit.<Integer>call(() -> 2, (result) -> false)))
			.expectNext(2)
			.expectComplete()
			.verify(PATIENCE);
		assertThat(active).hasValue(0);
		assertThat(this.tasks).hasValue(2);
	}

	@Test
	void doesNotShareAPermitAfterAFailure() {
		Offloader offloader = offloader(1, 0);
		Limit limit = offloader.limit(1);
		StepVerifier.create(limit.<Integer>call(() -> {
			throw new IOException("test");
		}, (result) -> true).onErrorResume((ex) -> limit.<Integer>call(() -> 2, (result) -> false)))
			.expectNext(2)
			.expectComplete()
			.verify(PATIENCE);
		assertThat(this.tasks).hasValue(2);
	}

	@Test
	void doesNotShareThePermitOfAnotherOffloader() {
		Offloader offloader = offloader(1, 0);
		Queue<Runnable> handed = new ConcurrentLinkedQueue<>();
		Offloader other = new Offloader(handed::add, 1, 0);
		StepVerifier
			.create(offloader.limit(1)
				.<Integer>call(() -> 1, (result) -> true)
				.doOnNext((result) -> subscribe(other.limit(1).call(() -> 2, (two) -> false)))
				.map((result) -> handed.size()))
			.expectNext(1)
			.expectComplete()
			.verify(PATIENCE);
		assertThat(other.active()).isEqualTo(1);
	}

	@Test
	void goesTheOrdinaryWayIfItsLimitIsFull() throws InterruptedException {
		Offloader offloader = offloader(2, 1);
		Limit full = offloader.limit(1);
		Work inFull = work(full);
		CountDownLatch second = new CountDownLatch(1);
		Outcome outcome = subscribe(offloader.limit(1)
			.<String>call(() -> "first", (result) -> true)
			.flatMap((first) -> full.<String>call(() -> {
				second.countDown();
				return first + " second";
			}, (result) -> true)));
		passBy();
		assertThat(second.getCount()).isEqualTo(1);
		assertThat(offloader.active()).isEqualTo(1);
		assertThat(offloader.queued()).isEqualTo(1);
		inFull.release();
		await(outcome.ended);
		assertThat(outcome.signals).containsExactly("first second", "complete");
		sync();
		assertIdle(offloader);
	}

	@Test
	void givesThePermitBackThatCannotBeShared() throws InterruptedException {
		Offloader offloader = offloader(2, 0);
		Limit full = offloader.limit(1);
		Work inFull = work(full);
		Mono<Integer> chain = offloader.limit(1)
			.<Integer>call(() -> 0, (result) -> true)
			.flatMap((first) -> full.<Integer>call(() -> 0, (result) -> true))
			.onErrorResume(OverloadException.class, (ex) -> Mono.fromSupplier(offloader::active));
		StepVerifier.create(chain).expectNext(1).expectComplete().verify(PATIENCE);
		inFull.release();
		sync();
		assertIdle(offloader);
	}

	@Test
	void sharesAPermitOnce() throws InterruptedException {
		Offloader offloader = offloader(2, 2);
		Limit limit = offloader.limit(UNBOUNDED);
		List<String> seen = new CopyOnWriteArrayList<>();
		StepVerifier
			.create(limit.<String>call(() -> "first", (result) -> true)
				.flatMap((first) -> Mono.zip(
						limit.<String>call(() -> note(Thread.currentThread().getName(), seen), (result) -> true),
						limit.<String>call(() -> note(Thread.currentThread().getName(), seen), (result) -> true))))
			.expectNextCount(1)
			.expectComplete()
			.verify(PATIENCE);
		assertThat(seen).containsExactlyInAnyOrder("worker-1", "worker-2");
		sync();
		assertIdle(offloader);
	}

	@Test
	void doesNotShareAPermitThatIsInUse() throws InterruptedException {
		Offloader offloader = offloader(2, 2);
		Limit limit = offloader.limit(UNBOUNDED);
		StepVerifier.create(limit.<String>call(() -> "first", (result) -> true)
			.flatMap((first) -> limit.<String>call(
					() -> limit.<String>call(() -> Thread.currentThread().getName(), (result) -> true).block(PATIENCE),
					(result) -> true)))
			.expectNext("worker-2")
			.expectComplete()
			.verify(PATIENCE);
		sync();
		assertIdle(offloader);
	}

	@Test
	void doesNotShareAPermitWhenClosed() {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		StepVerifier
			.create(limit.<String>call(() -> "first", (result) -> true)
				.doOnNext((first) -> offloader.close())
				.flatMap((first) -> limit.<String>call(() -> "second", (result) -> true)))
			.expectError(OverloadException.class)
			.verify(PATIENCE);
	}

	@Test
	void interruptsSharingWorkAndKeepsItsPermit() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		Outcome outcome = subscribe(
				limit.<String>call(() -> "first", (result) -> true).flatMap((first) -> limit.<String>call(() -> {
					started.countDown();
					try {
						new CountDownLatch(1).await(10, TimeUnit.SECONDS);
					}
					catch (InterruptedException ex) {
						interrupted.countDown();
					}
					awaitUninterruptibly(release);
					return "second";
				}, (result) -> true)));
		await(started);
		outcome.cancel();
		await(interrupted);
		assertThat(offloader.active()).isEqualTo(1);
		assertThat(offloader.abandoned()).isEqualTo(1);
		release.countDown();
		sync();
		assertThat(outcome.signals).isEmpty();
		assertIdle(offloader);
	}

	@ParameterizedTest
	@MethodSource("fatal")
	void keepsAFatalErrorOfSharingWorkFromTheEmissionBefore(VirtualMachineError fatal) throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		List<String> events = new CopyOnWriteArrayList<>();
		CountDownLatch ended = new CountDownLatch(1);
		limit.<String>call(() -> "first", (result) -> true).doOnNext((first) -> {
			Outcome second = new Outcome(1) {

				@Override
				public void onError(Throwable ex) {
					events.add("second " + ex.getCause());
					super.onError(ex);
					ended.countDown();
				}

			};
			limit.call(() -> {
				throw fatal;
			}, (result) -> true).subscribe(second);
			events.add("first emitted");
		}).subscribe((first) -> events.add(first), (ex) -> events.add("first " + ex), () -> events.add("complete"));
		await(ended);
		sync();
		assertThat(events).containsExactly("first emitted", "first", "complete", "second " + fatal);
		assertThat(this.uncaught).isEmpty();
		assertThat(this.tasks).hasValue(1);
		assertIdle(offloader);
	}

	@Test
	void signalsAFatalErrorOfSharingWorkOnce() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		StackOverflowError fatal = new StackOverflowError("test");
		Outcome outcome = subscribe(
				limit.<String>call(() -> "first", (result) -> true).flatMap((first) -> limit.<String>call(() -> {
					throw fatal;
				}, (result) -> true)));
		await(outcome.ended);
		sync();
		assertThat(outcome.signals).singleElement()
			.satisfies((signal) -> assertThat((Throwable) signal).hasCause(fatal));
		assertThat(this.uncaught).isEmpty();
		assertIdle(offloader);
	}

	@Test
	void runsTheCallBehindAnEmissionThatThrows() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		StackOverflowError fatal = new StackOverflowError("emission");
		Outcome second = new Outcome(1);
		limit.<String>call(() -> "first", (result) -> true).subscribe(new Outcome(1) {

			@Override
			public void onNext(Object value) {
				limit.call(() -> "second", (result) -> true).subscribe(second);
				throw fatal;
			}

		});
		await(second.ended);
		sync();
		assertThat(second.signals).containsExactly("second", "complete");
		assertThat(this.uncaught).containsExactly(fatal);
		assertIdle(offloader);
	}

	@Test
	void doesNotWorkIfCancelledBeforeTheEmissionBeforeHasReturned() throws InterruptedException {
		Offloader offloader = offloader(1, 1);
		Limit limit = offloader.limit(UNBOUNDED);
		AtomicInteger calls = new AtomicInteger();
		Outcome second = new Outcome(1);
		Outcome first = subscribe(limit.<String>call(() -> "first", (result) -> true).doOnNext((result) -> {
			limit.call(calls::incrementAndGet, (value) -> true).subscribe(second);
			second.cancel();
			assertThat(offloader.abandoned()).isEqualTo(1);
		}));
		await(first.ended);
		sync();
		assertThat(first.signals).containsExactly("first", "complete");
		assertThat(second.signals).isEmpty();
		assertThat(calls).hasValue(0);
		assertIdle(offloader);
	}

	@Test
	void leaksNothingUnderStress() throws InterruptedException {
		stress(offloader(8, 4, 64));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void leaksNothingOnVirtualThreads() throws InterruptedException {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
		executor.setVirtualThreads(true);
		stress(new Offloader(counting(executor), 4, 64));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void interruptsVirtualThreads() throws InterruptedException {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
		executor.setVirtualThreads(true);
		Offloader offloader = new Offloader(executor, 1, 1);
		CountDownLatch started = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		Outcome outcome = subscribe(offloader.limit(1).call(() -> {
			started.countDown();
			try {
				return new CountDownLatch(1).await(10, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				interrupted.countDown();
				throw ex;
			}
		}, (result) -> false));
		await(started);
		outcome.cancel();
		await(interrupted);
		assertThat(offloader.limit(1).call(Thread::interrupted, (result) -> false).block(PATIENCE)).isFalse();
		assertThat(offloader.abandoned()).isZero();
	}

	@Test
	void saysWhatItsBoundsAre() {
		Offloader offloader = offloader(3, 7);
		assertThat(offloader.maxConcurrent()).isEqualTo(3);
		assertThat(offloader.maxQueued()).isEqualTo(7);
	}

	@Test
	void refusesBoundsThatMakeNoSense() {
		Executor executor = Runnable::run;
		assertThatIllegalArgumentException().isThrownBy(() -> new Offloader(executor, 0, 1));
		assertThatIllegalArgumentException().isThrownBy(() -> new Offloader(executor, 1, -1));
		assertThatIllegalArgumentException().isThrownBy(() -> new Offloader(executor, 1, 0).limit(0));
	}

	/**
	 * Subscribes to chains of one to three calls from several threads, some of which
	 * fail, are cancelled or have to wait, and expects one end of each that is not
	 * cancelled.
	 */
	private void stress(Offloader offloader) throws InterruptedException {
		Limit[] limits = { offloader.limit(1), offloader.limit(3), offloader.limit(UNBOUNDED) };
		AtomicInteger running = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		int threads = 4;
		int rounds = 10_000;
		Semaphore open = new Semaphore(100);
		CountDownLatch done = new CountDownLatch(threads);
		for (int i = 0; i < threads; i++) {
			new Thread(() -> {
				for (int round = 0; round < rounds; round++) {
					open.acquireUninterruptibly();
					ThreadLocalRandom random = ThreadLocalRandom.current();
					Mono<Integer> chain = call(limits, running, most);
					for (int length = random.nextInt(3); length > 0; length--) {
						chain = chain.flatMap((value) -> call(limits, running, most));
					}
					Disposable disposable = chain.doFinally((end) -> open.release()).subscribe((value) -> {
					}, (ex) -> {
						if (!(ex instanceof OverloadException) && !"stress".equals(ex.getMessage())) {
							this.uncaught.add(ex);
						}
					});
					if (random.nextInt(3) == 0) {
						disposable.dispose();
					}
				}
				done.countDown();
			}).start();
		}
		assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
		assertThat(open.tryAcquire(100, 10, TimeUnit.SECONDS)).isTrue();
		// What was abandoned, and what is behind an emission, may take a little longer
		sync();
		assertThat(running).hasValue(0);
		assertThat(most.get()).isBetween(2, offloader.maxConcurrent());
		assertThat(this.uncaught).isEmpty();
		assertIdle(offloader);
	}

	private static Mono<Integer> call(Limit[] limits, AtomicInteger running, AtomicInteger most) {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		boolean stays = random.nextBoolean();
		return limits[random.nextInt(limits.length)].call(() -> {
			most.accumulateAndGet(running.incrementAndGet(), Math::max);
			try {
				return stressfulWork();
			}
			finally {
				running.decrementAndGet();
			}
		}, (result) -> stays);
	}

	private static @Nullable Integer stressfulWork() throws IOException {
		return switch (ThreadLocalRandom.current().nextInt(8)) {
			case 0 -> throw new IOException("stress");
			case 1 -> null;
			case 2 -> {
				Thread.yield();
				yield 2;
			}
			default -> 1;
		};
	}

	private static String stateOf(Offloader offloader) {
		return offloader.active() + " " + offloader.queued() + " " + offloader.abandoned() + " " + offloader.offers();
	}

	private static String see(Offloader offloader, List<String> seen) {
		return note(Thread.currentThread().getName() + " " + offloader.active(), seen);
	}

	private static String note(String what, List<String> seen) {
		seen.add(what);
		return what;
	}

	private static void assertIdle(Offloader offloader) {
		assertThat(stateOf(offloader)).as("active, queued, abandoned, offers").isEqualTo("0 0 0 0");
	}

	private static Context discardingTo(Context context, List<Object> discarded) {
		return Operators.enableOnDiscard(context, discarded::add);
	}

	private Offloader offloader(int maxConcurrent, int maxQueued) {
		return offloader(maxConcurrent, maxConcurrent, maxQueued);
	}

	private Offloader offloader(int threads, int maxConcurrent, int maxQueued) {
		AtomicInteger number = new AtomicInteger();
		this.pool = pool(threads, (task) -> new Thread(task, "worker-" + number.incrementAndGet()));
		return new Offloader(counting(this.pool), maxConcurrent, maxQueued);
	}

	private static ThreadPoolExecutor pool(int threads, ThreadFactory threadFactory) {
		return new ThreadPoolExecutor(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				threadFactory);
	}

	private ThreadPoolExecutor pool() {
		assertThat(this.pool).isNotNull();
		return this.pool;
	}

	private Executor counting(Executor executor) {
		return (task) -> {
			this.tasks.incrementAndGet();
			this.busy.register();
			try {
				executor.execute(() -> runCounted(task));
			}
			catch (RejectedExecutionException ex) {
				this.busy.arriveAndDeregister();
				throw ex;
			}
		};
	}

	private void runCounted(Runnable task) {
		try {
			task.run();
		}
		catch (Throwable ex) {
			this.uncaught.add(ex);
		}
		finally {
			this.busy.arriveAndDeregister();
		}
	}

	/**
	 * Wait until no worker is busy.
	 */
	private void sync() throws InterruptedException {
		try {
			this.busy.awaitAdvanceInterruptibly(this.busy.arrive(), 10, TimeUnit.SECONDS);
		}
		catch (TimeoutException ex) {
			throw new AssertionError("Workers are still busy", ex);
		}
	}

	/**
	 * Wait until one worker has finished all that it was to do.
	 */
	private void passBy() throws InterruptedException {
		CountDownLatch passed = new CountDownLatch(1);
		pool().execute(passed::countDown);
		await(passed);
	}

	/**
	 * Start work that goes on until it is released.
	 */
	private Work work(Limit limit) throws InterruptedException {
		Work work = new Work();
		this.works.add(work);
		limit.call(work, (result) -> work.stays)
			.doOnNext((result) -> work.onResult.run())
			.contextWrite((context) -> discardingTo(context, work.discarded))
			.subscribe(work.outcome);
		await(work.started);
		return work;
	}

	private static Outcome subscribe(Mono<?> mono) {
		Outcome outcome = new Outcome(1);
		mono.subscribe(outcome);
		return outcome;
	}

	private static void await(CountDownLatch latch) throws InterruptedException {
		assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		long end = System.nanoTime() + PATIENCE.toNanos();
		while (System.nanoTime() < end) {
			try {
				latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
				return;
			}
			catch (InterruptedException ex) {
				// As stubborn as the name says
			}
		}
	}

	/**
	 * Takes its time, and no notice of interrupts.
	 */
	private static final class Work implements Callable<String> {

		private final CountDownLatch started = new CountDownLatch(1);

		private final CountDownLatch released = new CountDownLatch(1);

		private final CountDownLatch returned = new CountDownLatch(1);

		private final List<Object> discarded = new CopyOnWriteArrayList<>();

		private final Outcome outcome = new Outcome(1);

		private volatile boolean stays;

		private volatile Runnable onResult = () -> {
		};

		@Override
		public String call() {
			this.started.countDown();
			awaitUninterruptibly(this.released);
			this.returned.countDown();
			return "result";
		}

		void release() {
			this.released.countDown();
		}

	}

	/**
	 * Notes every signal, also those after a cancel.
	 */
	private static class Outcome implements CoreSubscriber<Object> {

		private final List<Object> signals = new CopyOnWriteArrayList<>();

		private final CountDownLatch ended = new CountDownLatch(1);

		private final int demand;

		private volatile @Nullable Subscription subscription;

		private volatile @Nullable Thread thread;

		/**
		 * Create an outcome.
		 * @param demand how much to request, negative to cancel at once
		 */
		Outcome(int demand) {
			this.demand = demand;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			if (this.demand > 0) {
				subscription.request(this.demand);
			}
			else if (this.demand < 0) {
				subscription.cancel();
			}
		}

		@Override
		public void onNext(Object value) {
			this.signals.add(value);
		}

		@Override
		public void onError(Throwable ex) {
			this.signals.add(ex);
			end();
		}

		@Override
		public void onComplete() {
			this.signals.add("complete");
			end();
		}

		private void end() {
			this.thread = Thread.currentThread();
			this.ended.countDown();
		}

		void request(int n) {
			assertThat(this.subscription).isNotNull();
			this.subscription.request(n);
		}

		void cancel() {
			assertThat(this.subscription).isNotNull();
			this.subscription.cancel();
		}

	}

	/**
	 * A thread whose interrupts arrive when they are allowed to.
	 */
	private static final class SlowToInterrupt extends Thread {

		private final CountDownLatch interrupting;

		private final CountDownLatch mayInterrupt;

		SlowToInterrupt(Runnable task, CountDownLatch interrupting, CountDownLatch mayInterrupt) {
			super(task);
			this.interrupting = interrupting;
			this.mayInterrupt = mayInterrupt;
		}

		@Override
		public void interrupt() {
			this.interrupting.countDown();
			awaitUninterruptibly(this.mayInterrupt);
			super.interrupt();
		}

	}

	/**
	 * A worker that does not, as the pools of the JDK do, clear the flag between two
	 * tasks.
	 */
	private static final class PlainWorker extends Thread implements Executor {

		private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

		private final AtomicInteger interrupts = new AtomicInteger();

		private volatile boolean ended;

		PlainWorker() {
			setDaemon(true);
		}

		@Override
		public void execute(Runnable task) {
			this.tasks.add(task);
		}

		@Override
		public void run() {
			while (!this.ended) {
				try {
					this.tasks.take().run();
				}
				catch (InterruptedException ex) {
					this.interrupts.incrementAndGet();
				}
			}
		}

		void end() throws InterruptedException {
			execute(() -> this.ended = true);
			join(PATIENCE.toMillis());
			assertThat(isAlive()).isFalse();
		}

	}

}
