package io.github.asyncmiddleware.benchmarks;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/**
 * Waits for one request as a server does, and remembers how it ended. One per request.
 */
public final class LeanSubscriber implements CoreSubscriber<Void> {

	private @Nullable Subscription subscription;

	private boolean complete;

	private @Nullable Throwable error;

	@Override
	public void onSubscribe(Subscription subscription) {
		this.subscription = subscription;
		subscription.request(Long.MAX_VALUE);
	}

	@Override
	public void onNext(Void value) {
	}

	@Override
	public void onError(Throwable ex) {
		this.error = ex;
	}

	@Override
	public void onComplete() {
		this.complete = true;
	}

	/**
	 * Leave, as a client that does not want to wait any longer.
	 */
	void cancel() {
		if (this.subscription == null) {
			throw new IllegalStateException("Nothing to cancel");
		}
		this.subscription.cancel();
	}

	boolean isComplete() {
		return this.complete;
	}

	@Nullable Throwable error() {
		return this.error;
	}

}
