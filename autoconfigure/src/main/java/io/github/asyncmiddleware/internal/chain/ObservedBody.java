package io.github.asyncmiddleware.internal.chain;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;

/**
 * Looks at the signals of a response body as they pass by: the first means that the
 * response commits. Requests and cancellations go through untouched.
 *
 * @param <T> the type of the elements
 */
final class ObservedBody<T> implements CoreSubscriber<T> {

	private final CoreSubscriber<? super T> actual;

	private final ObservedResponse response;

	private final boolean single;

	private boolean begun;

	private ObservedBody(CoreSubscriber<? super T> actual, ObservedResponse response, boolean single) {
		this.actual = actual;
		this.response = response;
		this.single = single;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.actual.onSubscribe(subscription);
	}

	@Override
	public void onNext(T element) {
		if (!this.begun) {
			this.begun = true;
			this.response.beforeHead(!this.single);
		}
		this.actual.onNext(element);
	}

	@Override
	public void onError(Throwable ex) {
		if (this.begun) {
			this.response.timeline().bodyFailed();
		}
		this.actual.onError(ex);
	}

	@Override
	public void onComplete() {
		if (!this.single) {
			if (!this.begun) {
				this.begun = true;
				this.response.beforeHead(false);
			}
			this.response.timeline().bodyComplete();
		}
		this.actual.onComplete();
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

	/**
	 * A body of at most one element. If it is empty, the response does not commit.
	 */
	static final class Single extends Mono<DataBuffer> {

		private final Mono<DataBuffer> body;

		private final ObservedResponse response;

		Single(Mono<DataBuffer> body, ObservedResponse response) {
			this.body = body;
			this.response = response;
		}

		@Override
		public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
			this.body.subscribe(new ObservedBody<>(actual, this.response, true));
		}

	}

	/**
	 * A body of any number of elements. If it is empty, the response commits all the
	 * same.
	 *
	 * @param <T> the type of the elements
	 */
	static final class Stream<T> extends Flux<T> {

		private final Publisher<T> body;

		private final ObservedResponse response;

		Stream(Publisher<T> body, ObservedResponse response) {
			this.body = body;
			this.response = response;
		}

		@Override
		public void subscribe(CoreSubscriber<? super T> actual) {
			this.body.subscribe(new ObservedBody<>(actual, this.response, false));
		}

	}

}
