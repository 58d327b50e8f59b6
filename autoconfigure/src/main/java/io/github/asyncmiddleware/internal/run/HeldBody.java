package io.github.asyncmiddleware.internal.run;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * Holds the first element of a body back until something else has completed, and asks for
 * no second one in the meantime. What is not passed on is released.
 *
 * @param <T> the type of the elements
 */
// "overloads" is about methods that Flux declares
@SuppressWarnings("overloads")
final class HeldBody<T> implements CoreSubscriber<T>, Subscription {

	private final CoreSubscriber<? super T> actual;

	private final Supplier<Mono<Void>> barrier;

	/** Whether an empty body has to wait as well. */
	private final boolean holdEmpty;

	private @Nullable Subscription upstream;

	private @Nullable Subscription wait;

	// Guarded by this

	private boolean begun;

	private boolean open;

	private boolean cancelled;

	private boolean ended;

	private @Nullable Throwable error;

	private @Nullable T first;

	/** What is asked for and not passed on to the source yet. */
	private long demand;

	private HeldBody(CoreSubscriber<? super T> actual, Supplier<Mono<Void>> barrier, boolean holdEmpty) {
		this.actual = actual;
		this.barrier = barrier;
		this.holdEmpty = holdEmpty;
	}

	/**
	 * Hold a body of at most one element. If it is empty, there is nothing to hold: such
	 * a body does not commit a response.
	 * @param body the body
	 * @param barrier what to wait for, asked when the first element is there
	 * @return the body to write
	 */
	static Mono<DataBuffer> single(Mono<? extends DataBuffer> body, Supplier<Mono<Void>> barrier) {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
				body.subscribe(new HeldBody<DataBuffer>(actual, barrier, false));
			}

		};
	}

	/**
	 * Hold a body of any number of elements.
	 * @param <T> the type of the elements
	 * @param body the body
	 * @param barrier what to wait for, asked when the first element is there
	 * @return the body to write
	 */
	static <T> Flux<T> stream(Publisher<? extends T> body, Supplier<Mono<Void>> barrier) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				body.subscribe(new HeldBody<T>(actual, barrier, true));
			}

		};
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.upstream, subscription)) {
			this.upstream = subscription;
			this.actual.onSubscribe(this);
		}
	}

	@Override
	public void request(long n) {
		long now;
		synchronized (this) {
			if (this.open) {
				now = n;
			}
			else {
				now = (this.demand == 0 && !this.begun) ? 1 : 0;
				this.demand = Operators.addCap(this.demand, n);
			}
		}
		if (now > 0 && this.upstream != null) {
			this.upstream.request(now);
		}
	}

	@Override
	public void onNext(T element) {
		if (isOpen()) {
			this.actual.onNext(element);
		}
		else if (keep(element)) {
			hold();
		}
		else {
			release(element);
		}
	}

	private synchronized boolean isOpen() {
		return this.open;
	}

	private synchronized boolean keep(T element) {
		this.begun = true;
		this.first = this.cancelled ? null : element;
		return !this.cancelled;
	}

	@Override
	public void onError(Throwable ex) {
		if (!end(ex)) {
			this.actual.onError(ex);
		}
	}

	@Override
	public void onComplete() {
		boolean empty;
		synchronized (this) {
			empty = !this.begun && this.holdEmpty;
			if (empty) {
				this.begun = true;
				this.ended = true;
			}
		}
		if (empty) {
			hold();
		}
		else if (!end(null)) {
			this.actual.onComplete();
		}
	}

	/**
	 * Note the end of the source if the first element is not passed on yet.
	 */
	private synchronized boolean end(@Nullable Throwable ex) {
		if (!this.begun || this.open) {
			return false;
		}
		this.ended = true;
		this.error = ex;
		return true;
	}

	private void hold() {
		this.barrier.get().subscribe(new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				HeldBody.this.wait = subscription;
				subscription.request(Long.MAX_VALUE);
			}

			@Override
			protected void hookOnComplete() {
				letGo();
			}

			@Override
			protected void hookOnError(Throwable ex) {
				fail(ex);
			}

			@Override
			public Context currentContext() {
				return HeldBody.this.actual.currentContext();
			}

		});
	}

	private void letGo() {
		T element = take();
		if (element != null) {
			this.actual.onNext(element);
		}
		long more;
		boolean ended;
		synchronized (this) {
			this.open = true;
			more = (this.demand != Long.MAX_VALUE) ? this.demand - 1 : this.demand;
			ended = this.ended && !this.cancelled;
		}
		if (ended) {
			if (this.error != null) {
				this.actual.onError(this.error);
			}
			else {
				this.actual.onComplete();
			}
		}
		else if (more > 0 && this.upstream != null) {
			this.upstream.request(more);
		}
	}

	private void fail(Throwable ex) {
		discard();
		this.actual.onError(ex);
	}

	@Override
	public void cancel() {
		discard();
		Subscription wait = this.wait;
		if (wait != null) {
			wait.cancel();
		}
	}

	private void discard() {
		synchronized (this) {
			this.cancelled = true;
		}
		T element = take();
		if (this.upstream != null) {
			this.upstream.cancel();
		}
		if (element != null) {
			release(element);
		}
	}

	private synchronized @Nullable T take() {
		T element = this.first;
		this.first = null;
		return element;
	}

	/**
	 * Groups have made their buffers already, or make them when they are subscribed to.
	 * Only what is there at once can be lost.
	 */
	private static void release(Object element) {
		if (element instanceof DataBuffer buffer) {
			DataBufferUtils.release(buffer);
		}
		else if (element instanceof Publisher<?> group) {
			Flux.from(group).subscribe(HeldBody::release).dispose();
		}
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

}
