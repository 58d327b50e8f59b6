package io.github.asyncmiddleware.internal.run;

import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * An answer of a middleware, written on whatever thread the middleware has come to it. On
 * most of them nothing catches what its writer throws and Reactor lets through, and the
 * request would never end.
 */
final class GuardedAnswer extends Mono<Void> {

	private final RequestRun run;

	private final WebHandler answer;

	private final ServerWebExchange exchange;

	GuardedAnswer(RequestRun run, WebHandler answer, ServerWebExchange exchange) {
		this.run = run;
		this.answer = answer;
		this.exchange = exchange;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		Guard guard = new Guard(actual);
		try {
			Failures.guard(this.answer, this.exchange).subscribe(guard);
		}
		catch (LinkageError ex) {
			guard.thrown(ex);
		}
		catch (VirtualMachineError ex) {
			this.run.fatal(ex);
			throw ex;
		}
	}

	/**
	 * Signals one end: the one that comes, or what was thrown. It is set once that has
	 * happened.
	 */
	private static final class Guard extends AtomicBoolean implements CoreSubscriber<Void> {

		private static final long serialVersionUID = 1L;

		private final transient CoreSubscriber<? super Void> actual;

		/** Belongs to the thread that subscribes, as far as the guard asks for it. */
		private transient @Nullable Subscription subscription;

		Guard(CoreSubscriber<? super Void> actual) {
			this.actual = actual;
		}

		void thrown(LinkageError ex) {
			Subscription subscription = this.subscription;
			if (subscription == null) {
				Operators.error(this.actual, Failures.signalOf(ex));
			}
			else {
				// What it has begun to write is not sent
				subscription.cancel();
				onError(Failures.signalOf(ex));
			}
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			if (Operators.validate(this.subscription, subscription)) {
				this.subscription = subscription;
				this.actual.onSubscribe(subscription);
			}
		}

		@Override
		public void onNext(Void value) {
		}

		@Override
		public void onError(Throwable ex) {
			if (compareAndSet(false, true)) {
				this.actual.onError(ex);
			}
			else {
				Operators.onErrorDropped(ex, currentContext());
			}
		}

		@Override
		public void onComplete() {
			if (compareAndSet(false, true)) {
				this.actual.onComplete();
			}
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
