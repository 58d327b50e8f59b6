package io.github.asyncmiddleware.internal.run;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;

/**
 * Knows how long somebody has been waiting for bytes that the client has not sent yet.
 * The body passes through untouched.
 */
public final class ObservedRequest extends ServerHttpRequestDecorator {

	private static final AtomicLongFieldUpdater<BodySubscriber> REQUESTED = AtomicLongFieldUpdater
		.newUpdater(BodySubscriber.class, "requested");

	private final Deadlines clock;

	private long waited;

	/** When the waiting began that goes on now, if it does. */
	private long waitingSince;

	private boolean waiting;

	/**
	 * Observe a request.
	 * @param request the request of the server
	 * @param clock the clock of the deadlines
	 */
	public ObservedRequest(ServerHttpRequest request, Deadlines clock) {
		super(request);
		this.clock = clock;
	}

	@Override
	public Flux<DataBuffer> getBody() {
		return new Body(super.getBody(), this);
	}

	/**
	 * How long the client has been waited for, until now.
	 * @return nanoseconds
	 */
	synchronized long waited() {
		return this.waited + (this.waiting ? this.clock.now() - this.waitingSince : 0);
	}

	/**
	 * Whether the client is being waited for now.
	 */
	synchronized boolean isWaiting() {
		return this.waiting;
	}

	private synchronized void startWaiting(BodySubscriber subscriber) {
		if (!this.waiting && !subscriber.over) {
			this.waiting = true;
			this.waitingSince = this.clock.now();
		}
	}

	private synchronized void stopWaiting() {
		if (this.waiting) {
			this.waiting = false;
			this.waited += this.clock.now() - this.waitingSince;
		}
	}

	private synchronized void stopWaitingForGood(BodySubscriber subscriber) {
		subscriber.over = true;
		stopWaiting();
	}

	/**
	 * The body.
	 */
	private static final class Body extends FluxOperator<DataBuffer, DataBuffer> {

		private final ObservedRequest request;

		Body(Flux<DataBuffer> body, ObservedRequest request) {
			super(body);
			this.request = request;
		}

		@Override
		public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
			this.source.subscribe(new BodySubscriber(actual, this.request));
		}

	}

	/**
	 * Notices when the next part of the body is asked for, and when it is there.
	 */
	private static final class BodySubscriber implements CoreSubscriber<DataBuffer>, Subscription {

		private final CoreSubscriber<? super DataBuffer> actual;

		private final ObservedRequest request;

		@SuppressWarnings("NullAway.Init")
		private Subscription subscription;

		private volatile long requested;

		/** Guarded by the request. */
		private boolean over;

		BodySubscriber(CoreSubscriber<? super DataBuffer> actual, ObservedRequest request) {
			this.actual = actual;
			this.request = request;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			this.actual.onSubscribe(this);
		}

		@Override
		public void request(long n) {
			Operators.addCap(REQUESTED, this, n);
			this.request.startWaiting(this);
			this.subscription.request(n);
		}

		@Override
		public void onNext(DataBuffer part) {
			this.request.stopWaiting();
			this.actual.onNext(part);
			if (Operators.produced(REQUESTED, this, 1) > 0) {
				this.request.startWaiting(this);
			}
		}

		@Override
		public void onError(Throwable ex) {
			this.request.stopWaitingForGood(this);
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			this.request.stopWaitingForGood(this);
			this.actual.onComplete();
		}

		@Override
		public void cancel() {
			this.request.stopWaitingForGood(this);
			this.subscription.cancel();
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
