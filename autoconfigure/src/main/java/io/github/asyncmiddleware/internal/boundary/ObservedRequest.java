package io.github.asyncmiddleware.internal.boundary;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import io.github.asyncmiddleware.internal.record.RequestEnd;
import io.github.asyncmiddleware.internal.run.WaitTime;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.util.DisconnectedClientHelper;

/**
 * The request of the server as the filters see it: notes when bytes of the client are
 * being waited for, and that it has left. The body passes through untouched.
 */
final class ObservedRequest extends ServerHttpRequestDecorator {

	private static final AtomicLongFieldUpdater<BodySubscriber> REQUESTED = AtomicLongFieldUpdater
		.newUpdater(BodySubscriber.class, "requested");

	private final WaitTime wait;

	private final RequestEnd end;

	/**
	 * Observe a request.
	 * @param request the request of the server
	 * @param wait where to note that bytes are waited for
	 * @param end where to note that the client has left
	 */
	ObservedRequest(ServerHttpRequest request, WaitTime wait, RequestEnd end) {
		super(request);
		this.wait = wait;
		this.end = end;
	}

	@Override
	public Flux<DataBuffer> getBody() {
		return new Body(super.getBody(), this);
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

		private volatile boolean over;

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
			beginWaiting();
			this.subscription.request(n);
		}

		/**
		 * A signal that ends the body while this runs finds the waiting begun, or is
		 * found here.
		 */
		private void beginWaiting() {
			this.request.wait.begin();
			if (this.over) {
				this.request.wait.end();
			}
		}

		private void end() {
			this.over = true;
			this.request.wait.end();
		}

		@Override
		public void onNext(DataBuffer part) {
			this.request.wait.end();
			this.actual.onNext(part);
			if (Operators.produced(REQUESTED, this, 1) > 0) {
				beginWaiting();
			}
		}

		@Override
		public void onError(Throwable ex) {
			end();
			if (DisconnectedClientHelper.isClientDisconnectedException(ex)) {
				this.request.end.clientLost();
			}
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			end();
			this.actual.onComplete();
		}

		@Override
		public void cancel() {
			end();
			this.subscription.cancel();
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
