package io.github.asyncmiddleware.internal.chain;

import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.util.context.Context;

/**
 * Notices how the writing of a response ends, also where somebody further out turns a
 * failure into something else.
 */
final class ObservedWrite extends MonoOperator<Void, Void> {

	private final RequestTimeline timeline;

	ObservedWrite(Mono<Void> write, RequestTimeline timeline) {
		super(write);
		this.timeline = timeline;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.source.subscribe(new WriteSubscriber(actual, this.timeline));
	}

	private static final class WriteSubscriber implements CoreSubscriber<Void> {

		private final CoreSubscriber<? super Void> actual;

		private final RequestTimeline timeline;

		WriteSubscriber(CoreSubscriber<? super Void> actual, RequestTimeline timeline) {
			this.actual = actual;
			this.timeline = timeline;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.actual.onSubscribe(subscription);
		}

		@Override
		public void onNext(Void value) {
			this.actual.onNext(value);
		}

		@Override
		public void onError(Throwable ex) {
			if (this.timeline.hasHead()) {
				this.timeline.writeFailed();
			}
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			this.timeline.bodyComplete();
			this.actual.onComplete();
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
