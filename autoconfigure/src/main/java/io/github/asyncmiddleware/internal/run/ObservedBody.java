package io.github.asyncmiddleware.internal.run;

import java.util.concurrent.atomic.AtomicInteger;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;

/**
 * Looks at the signals of a response body as they pass by: the first means that the
 * response commits, the last that the body is complete. Requests and cancellations go
 * through untouched.
 *
 * @param <T> the type of the elements
 */
// "overloads" is about methods that Flux declares
@SuppressWarnings("overloads")
abstract class ObservedBody<T> implements CoreSubscriber<T> {

	private final CoreSubscriber<? super T> actual;

	final ObservedResponse response;

	private boolean begun;

	ObservedBody(CoreSubscriber<? super T> actual, ObservedResponse response) {
		this.actual = actual;
		this.response = response;
	}

	/**
	 * The first element is here.
	 */
	abstract void begin();

	/**
	 * There is no further element.
	 * @param empty whether there was none at all
	 */
	abstract void complete(boolean empty);

	/**
	 * What to pass on for an element.
	 */
	T observe(T element) {
		return element;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.actual.onSubscribe(subscription);
	}

	@Override
	public void onNext(T element) {
		if (!this.begun) {
			this.begun = true;
			if (!this.response.timeline().hasHead()) {
				this.response.timeline().end().bodyBegins();
			}
			begin();
		}
		this.actual.onNext(observe(element));
	}

	@Override
	public void onError(Throwable ex) {
		if (this.begun) {
			this.response.timeline().end().bodyFailed(ex);
		}
		this.actual.onError(ex);
	}

	@Override
	public void onComplete() {
		complete(!this.begun);
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
			this.body.subscribe(new ObservedBody<DataBuffer>(actual, this.response) {

				@Override
				void begin() {
					this.response.beforeHead(false, currentContext());
				}

				@Override
				void complete(boolean empty) {
				}

			});
		}

	}

	/**
	 * Looks at a body of any number of elements. If it is empty, the response commits all
	 * the same.
	 *
	 * @param <T> the type of the elements
	 */
	private static class Many<T> extends ObservedBody<T> {

		Many(CoreSubscriber<? super T> actual, ObservedResponse response) {
			super(actual, response);
		}

		@Override
		void begin() {
			this.response.beforeHead(true, currentContext());
		}

		@Override
		void complete(boolean empty) {
			if (empty) {
				this.response.beforeHead(false, currentContext());
			}
			closed();
		}

		void closed() {
			this.response.timeline().end().bodyComplete();
		}

	}

	/**
	 * A body of any number of elements.
	 */
	static final class Stream extends Flux<DataBuffer> {

		private final Publisher<DataBuffer> body;

		private final ObservedResponse response;

		Stream(Publisher<DataBuffer> body, ObservedResponse response) {
			this.body = body;
			this.response = response;
		}

		@Override
		public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
			this.body.subscribe(new Many<>(actual, this.response));
		}

	}

	/**
	 * A body of any number of groups of elements, complete when all of them are.
	 */
	static final class Groups extends Flux<Publisher<? extends DataBuffer>> {

		private final Publisher<Publisher<? extends DataBuffer>> body;

		private final ObservedResponse response;

		Groups(Publisher<Publisher<? extends DataBuffer>> body, ObservedResponse response) {
			this.body = body;
			this.response = response;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Publisher<? extends DataBuffer>> actual) {
			AtomicInteger open = new AtomicInteger(1);
			this.body.subscribe(new Many<Publisher<? extends DataBuffer>>(actual, this.response) {

				@Override
				Publisher<? extends DataBuffer> observe(Publisher<? extends DataBuffer> group) {
					if (group instanceof Mono) {
						return group;
					}
					open.incrementAndGet();
					return Flux.from(group)
						.doOnComplete(this::closed)
						.doOnError(this.response.timeline().end()::bodyFailed);
				}

				@Override
				void closed() {
					if (open.decrementAndGet() == 0) {
						super.closed();
					}
				}

			});
		}

	}

}
