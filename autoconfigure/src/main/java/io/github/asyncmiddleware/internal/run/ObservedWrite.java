package io.github.asyncmiddleware.internal.run;

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

	private final boolean unseen;

	/**
	 * Create an observation.
	 * @param write what writes the response
	 * @param timeline the timeline of the request
	 * @param unseen whether the server writes the body by itself, so that nothing else
	 * tells when it is complete. Where the body can be seen, that is better: Reactor
	 * Netty completes the writing of a stream when the client leaves
	 */
	ObservedWrite(Mono<Void> write, RequestTimeline timeline, boolean unseen) {
		super(write);
		this.timeline = timeline;
		this.unseen = unseen;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.source.subscribe(new WriteSubscriber(actual, this.timeline, this.unseen));
	}

	private static final class WriteSubscriber implements CoreSubscriber<Void> {

		private final CoreSubscriber<? super Void> actual;

		private final RequestTimeline timeline;

		private final boolean unseen;

		WriteSubscriber(CoreSubscriber<? super Void> actual, RequestTimeline timeline, boolean unseen) {
			this.actual = actual;
			this.timeline = timeline;
			this.unseen = unseen;
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
				this.timeline.end().writeFailed();
			}
			else {
				this.timeline.leaves(false);
			}
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			if (this.unseen) {
				this.timeline.end().bodyComplete();
			}
			this.actual.onComplete();
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
