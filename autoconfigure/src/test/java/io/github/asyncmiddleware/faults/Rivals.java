package io.github.asyncmiddleware.faults;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Two threads that give two signals at the same time, as far as threads can.
 */
final class Rivals implements AutoCloseable {

	private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(1);

	private static final int JITTER = 100;

	private final ExecutorService one = Executors.newSingleThreadExecutor();

	private final ExecutorService other = Executors.newSingleThreadExecutor();

	Race race() {
		return new Race(this);
	}

	@Override
	public void close() {
		this.one.shutdownNow();
		this.other.shutdownNow();
	}

	/**
	 * A signal that brings an answer, and one that says that it is too late for that.
	 */
	static final class Race {

		private final Rivals rivals;

		private final Sinks.One<String> answer = Sinks.one();

		private final Sinks.Empty<Void> limit = Sinks.empty();

		private final AtomicInteger ready = new AtomicInteger();

		Race(Rivals rivals) {
			this.rivals = rivals;
		}

		/**
		 * The answer, which comes soon after it has been subscribed to.
		 */
		Mono<String> answer() {
			return this.answer.asMono().doOnSubscribe((subscription) -> start());
		}

		/**
		 * The end of waiting, which comes at the same time as the answer.
		 */
		Mono<Void> limit() {
			return this.limit.asMono();
		}

		private void start() {
			this.rivals.one.execute(() -> {
				awaitOther();
				this.answer.tryEmitValue("answer");
			});
			this.rivals.other.execute(() -> {
				awaitOther();
				this.limit.tryEmitEmpty();
			});
		}

		private void awaitOther() {
			int jitter = ThreadLocalRandom.current().nextInt(JITTER);
			long start = System.nanoTime();
			this.ready.incrementAndGet();
			while (this.ready.get() < 2 && System.nanoTime() - start < PATIENCE) {
				Thread.onSpinWait();
			}
			for (int i = 0; i < jitter; i++) {
				Thread.onSpinWait();
			}
		}

	}

}
