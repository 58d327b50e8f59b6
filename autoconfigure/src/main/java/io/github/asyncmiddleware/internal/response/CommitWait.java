package io.github.asyncmiddleware.internal.response;

import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/**
 * Subscriber of the commit actions and response hooks that a writer waits for.
 */
final class CommitWait implements CoreSubscriber<Void> {

	private final ResponseWriter writer;

	CommitWait(ResponseWriter writer) {
		this.writer = writer;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.writer.waiting(subscription);
	}

	@Override
	public void onNext(Void value) {
	}

	@Override
	public void onError(Throwable ex) {
		this.writer.waited(ex);
	}

	@Override
	public void onComplete() {
		this.writer.waited(null);
	}

	@Override
	public Context currentContext() {
		return this.writer.currentContext();
	}

}
