package io.github.asyncmiddleware.internal.boundary;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.NonBlocking;
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

	private static final AtomicReferenceFieldUpdater<BodySubscriber, @Nullable Thread> ASKING = AtomicReferenceFieldUpdater
		.newUpdater(BodySubscriber.class, Thread.class, "asking");

	private final RequestRun run;

	/** A thread of the server. */
	private final Thread beginner = Thread.currentThread();

	/**
	 * Observe a request, on the thread on which the server begins it.
	 * @param request the request of the server
	 * @param run where to note what is observed
	 */
	ObservedRequest(ServerHttpRequest request, RequestRun run) {
		super(request);
		this.run = run;
	}

	@Override
	public Flux<DataBuffer> getBody() {
		return new Body(super.getBody(), this.run, this.beginner);
	}

	/**
	 * The body.
	 */
	private static final class Body extends FluxOperator<DataBuffer, DataBuffer> {

		private final RequestRun run;

		private final Thread beginner;

		Body(Flux<DataBuffer> body, RequestRun run, Thread beginner) {
			super(body);
			this.run = run;
			this.beginner = beginner;
		}

		@Override
		public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
			BodySubscriber subscriber = new BodySubscriber(actual, this.run, this.beginner);
			boolean first = subscriber.enter();
			try {
				this.source.subscribe(subscriber);
			}
			finally {
				subscriber.leave(first);
			}
		}

	}

	/**
	 * Notices when the next part of the body is asked for, and when it is there.
	 * <p>
	 * A server signals on the thread that asks, which can be any, or on one of its own.
	 * Of the latter it is noted that it delivers a body, unless it is an event loop,
	 * which is watched anyway. One of its own is named like the thread that has begun the
	 * request, but for a number: any other can be there to be blocked.
	 */
	private static final class BodySubscriber implements CoreSubscriber<DataBuffer>, Subscription {

		private final CoreSubscriber<? super DataBuffer> actual;

		private final RequestRun run;

		private final Thread beginner;

		@SuppressWarnings("NullAway.Init")
		private Subscription subscription;

		private volatile long requested;

		private volatile boolean over;

		/** Which subscribes or asks now, and may get its answer at once. */
		private volatile @Nullable Thread asking;

		/** Several have asked at the same time, so none is known not to have. */
		private volatile boolean askedByMany;

		BodySubscriber(CoreSubscriber<? super DataBuffer> actual, RequestRun run, Thread beginner) {
			this.actual = actual;
			this.run = run;
			this.beginner = beginner;
		}

		/**
		 * The current thread begins to ask.
		 * @return whether it has not been asking
		 */
		boolean enter() {
			Thread thread = Thread.currentThread();
			if (ASKING.compareAndSet(this, null, thread)) {
				return true;
			}
			if (this.asking != thread) {
				this.askedByMany = true;
			}
			return false;
		}

		void leave(boolean first) {
			if (first) {
				this.asking = null;
			}
		}

		/**
		 * The current thread signals.
		 * @return where it is noted that it delivers a body, if that has to be
		 */
		private ThreadActivity beginDelivery() {
			Thread thread = Thread.currentThread();
			// A thread that asks is not watched for that: it can be there to be blocked
			if (thread instanceof NonBlocking || this.asking == thread || this.askedByMany) {
				return ThreadActivity.UNWATCHED;
			}
			ThreadActivity activity = isOfServer(thread) ? this.run.beginning() : this.run.activity();
			activity.beginDelivery();
			return activity;
		}

		private boolean isOfServer(Thread thread) {
			return thread == this.beginner || pool(thread).equals(pool(this.beginner));
		}

		private static String pool(Thread thread) {
			String name = thread.getName();
			int end = name.length();
			while (end > 0 && Character.isDigit(name.charAt(end - 1))) {
				end--;
			}
			return name.substring(0, end);
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
			boolean first = enter();
			try {
				this.subscription.request(n);
			}
			finally {
				leave(first);
			}
		}

		/**
		 * A signal that ends the body while this runs finds the waiting begun, or is
		 * found here.
		 */
		private void beginWaiting() {
			this.run.clientWait().begin();
			if (this.over) {
				this.run.clientWait().end();
			}
		}

		private void end() {
			this.over = true;
			this.run.clientWait().end();
		}

		@Override
		public void onNext(DataBuffer part) {
			this.run.clientWait().end();
			ThreadActivity activity = beginDelivery();
			try {
				this.actual.onNext(part);
			}
			finally {
				activity.endDelivery();
			}
			if (Operators.produced(REQUESTED, this, 1) > 0) {
				beginWaiting();
			}
		}

		@Override
		public void onError(Throwable ex) {
			end();
			if (DisconnectedClientHelper.isClientDisconnectedException(ex)) {
				this.run.end().clientLost();
			}
			ThreadActivity activity = beginDelivery();
			try {
				this.actual.onError(ex);
			}
			finally {
				activity.endDelivery();
			}
		}

		@Override
		public void onComplete() {
			end();
			ThreadActivity activity = beginDelivery();
			try {
				this.actual.onComplete();
			}
			finally {
				activity.endDelivery();
			}
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
