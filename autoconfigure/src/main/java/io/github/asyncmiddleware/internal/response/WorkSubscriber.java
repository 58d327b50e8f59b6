package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/**
 * Subscriber of work that has no result, such as the writing of an answer: requests it
 * all, and tells how it has ended.
 */
public abstract class WorkSubscriber implements CoreSubscriber<Void> {

	private final CoreSubscriber<?> outer;

	/**
	 * Create a subscriber.
	 * @param outer the subscriber that waits for the work, which runs in its context
	 */
	protected WorkSubscriber(CoreSubscriber<?> outer) {
		this.outer = outer;
	}

	/**
	 * The work can be cancelled from now on.
	 * @param subscription cancels it
	 * @return {@code false} if it is to be cancelled at once
	 */
	protected abstract boolean starts(Subscription subscription);

	/**
	 * The work has ended.
	 * @param error the error, or {@code null} if it has completed
	 */
	protected abstract void ended(@Nullable Throwable error);

	@Override
	public final void onSubscribe(Subscription subscription) {
		if (starts(subscription)) {
			subscription.request(Long.MAX_VALUE);
		}
		else {
			subscription.cancel();
		}
	}

	@Override
	public final void onNext(Void value) {
	}

	@Override
	public final void onError(Throwable ex) {
		ended(ex);
	}

	@Override
	public final void onComplete() {
		ended(null);
	}

	@Override
	public final Context currentContext() {
		return this.outer.currentContext();
	}

}
