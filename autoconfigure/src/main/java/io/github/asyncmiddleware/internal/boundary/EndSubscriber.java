package io.github.asyncmiddleware.internal.boundary;

import java.util.concurrent.atomic.AtomicBoolean;

import io.github.asyncmiddleware.internal.record.Ending;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.run.Terminal;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Subscriber between the filters and the server. The end is noted before the server is
 * told, since that may throw; and the server is told of one end only.
 */
final class EndSubscriber implements CoreSubscriber<Void>, Subscription, Terminal, Runnable {

	private final CoreSubscriber<? super Void> actual;

	private final RequestRun run;

	private final AtomicBoolean ended = new AtomicBoolean();

	/** The thread that is in the middle of subscribing, from which an error is thrown. */
	private volatile @Nullable Thread subscribing = Thread.currentThread();

	/** What that has to throw. Belongs to that thread. */
	private @Nullable Throwable thrown;

	@SuppressWarnings("NullAway.Init")
	private Subscription subscription;

	EndSubscriber(CoreSubscriber<? super Void> actual, RequestRun run) {
		this.actual = actual;
		this.run = run;
	}

	/**
	 * The subscription has returned, so nothing is thrown at the server any more.
	 */
	void subscribed() {
		this.subscribing = null;
		Throwable thrown = this.thrown;
		if (thrown != null) {
			signal(thrown);
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.subscription = subscription;
		this.actual.onSubscribe(this);
	}

	@Override
	public void onNext(Void value) {
		this.actual.onNext(value);
	}

	@Override
	public void onComplete() {
		if (!this.run.tryAwaitHandover(this)) {
			run();
		}
	}

	/**
	 * Complete, now or when the server has what is being handed to it.
	 */
	@Override
	public void run() {
		Throwable cut = this.run.hasHead() ? this.run.end().cut() : null;
		if (cut != null && this.run.end().bodyError() != null) {
			// A filter has dealt with it too late: half a body must not look whole
			failed(cut);
		}
		else if (cut != null && this.ended.compareAndSet(false, true)) {
			// Cancelled, by a filter or with the connection of the client
			this.run.ended(Ending.COMPLETE, null);
			this.actual.onError(cut);
		}
		else if (this.ended.compareAndSet(false, true)) {
			this.run.ended(Ending.COMPLETE, null);
			this.actual.onComplete();
		}
	}

	@Override
	public void onError(Throwable ex) {
		if (!this.run.tryAwaitHandover(() -> failed(ex))) {
			failed(ex);
		}
	}

	private void failed(Throwable ex) {
		if (this.ended.compareAndSet(false, true)) {
			this.run.ended(Ending.ERROR, ex);
			this.actual.onError(ex);
		}
		else {
			Operators.onErrorDropped(ex, currentContext());
		}
	}

	/**
	 * On the thread that subscribes, the error reaches the server by being thrown.
	 */
	@Override
	public void fail(Throwable error) {
		if (this.ended.compareAndSet(false, true)) {
			if (Thread.currentThread() == this.subscribing) {
				this.thrown = error;
				return;
			}
			this.subscription.cancel();
			signal(error);
		}
	}

	private void signal(Throwable error) {
		this.actual
			.onError(new IllegalStateException("The request has ended with " + error.getClass().getName(), error));
	}

	@Override
	public void discarded() {
		if (this.run.exchange() instanceof MiddlewareExchange exchange) {
			exchange.forgetNotModified();
		}
	}

	@Override
	public void request(long n) {
		this.subscription.request(n);
	}

	@Override
	public void cancel() {
		this.run.ended(Ending.CANCEL, null);
		this.subscription.cancel();
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

}
