package io.github.asyncmiddleware.concurrency;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * A publisher for one subscriber that signals when it is told to. After it was cancelled
 * it signals nothing; a signal that is on its way by then may still come.
 *
 * @param <T> the type of the values
 */
public final class Source<T> implements Subscription {

	private final AtomicInteger cancels = new AtomicInteger();

	private final AtomicInteger subscriptions = new AtomicInteger();

	private final AtomicLong requested = new AtomicLong();

	private volatile @Nullable CoreSubscriber<? super T> actual;

	/**
	 * The source as one of at most one value.
	 * @return the source
	 */
	public Mono<T> mono() {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				Source.this.subscribe(actual);
			}

		};
	}

	/**
	 * The source as one of any number of values.
	 * @return the source
	 */
	public Flux<T> flux() {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				Source.this.subscribe(actual);
			}

		};
	}

	private void subscribe(CoreSubscriber<? super T> actual) {
		this.subscriptions.incrementAndGet();
		this.actual = actual;
		actual.onSubscribe(this);
	}

	/**
	 * Whether it was subscribed to.
	 * @return {@code true} if a signal reaches a subscriber
	 */
	public boolean isSubscribed() {
		return this.actual != null;
	}

	/**
	 * Emit a value, or release it if it is not wanted any more.
	 * @param value the value
	 */
	public void next(T value) {
		CoreSubscriber<? super T> actual = this.actual;
		if (actual != null && !isCancelled()) {
			actual.onNext(value);
		}
		else if (value instanceof DataBuffer buffer) {
			DataBufferUtils.release(buffer);
		}
	}

	/**
	 * Complete.
	 */
	public void complete() {
		CoreSubscriber<? super T> actual = this.actual;
		if (actual != null && !isCancelled()) {
			actual.onComplete();
		}
	}

	/**
	 * Fail.
	 * @param error the error
	 */
	public void fail(Throwable error) {
		CoreSubscriber<? super T> actual = this.actual;
		if (actual != null && !isCancelled()) {
			actual.onError(error);
		}
	}

	/**
	 * Whether it was cancelled.
	 * @return {@code true} if it signals nothing any more
	 */
	public boolean isCancelled() {
		return this.cancels.get() > 0;
	}

	/**
	 * How often it was subscribed to.
	 * @return the number
	 */
	public int subscriptions() {
		return this.subscriptions.get();
	}

	/**
	 * How much was asked for, all in all.
	 * @return the number
	 */
	public long requested() {
		return this.requested.get();
	}

	@Override
	public void request(long n) {
		this.requested.addAndGet(n);
	}

	@Override
	public void cancel() {
		this.cancels.incrementAndGet();
	}

}
