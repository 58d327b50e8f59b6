package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.concurrency.CountedBuffer;
import io.github.asyncmiddleware.concurrency.Leaks;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressRequest;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JI_Result;
import org.openjdk.jcstress.infra.results.L_Result;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * Races for the first element of a body: {@link HeldBody}.
 */
public final class HeldBodyStress {

	private HeldBodyStress() {
	}

	/**
	 * The source completes while the element is passed on that was held.
	 */
	@JCStressTest
	@Outcome(id = "200 rest, told once", expect = Expect.ACCEPTABLE, desc = "The element, then the end, once each.")
	@Outcome(id = "200 rest cut.*", expect = Expect.FORBIDDEN, desc = "The end is lost.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The element is lost, or an end too many.")
	@State
	public static class LetGoAndComplete {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		public LetGoAndComplete() {
			this.request.begin().getResponse().writeWith(this.source.flux()).subscribe(new Signals());
			this.source.next(this.body);
		}

		@Actor
		public void letGo() {
			this.middleware.release();
		}

		@Actor
		public void complete() {
			this.source.complete();
		}

		@Arbiter
		public void result(L_Result result) {
			int told = this.middleware.sent();
			result.r1 = this.request.response() + ", told " + ((told == 1) ? "once" : told + " times")
					+ Leaks.of(this.body);
		}

	}

	/**
	 * The source fails while the element is passed on that was held.
	 */
	@JCStressTest
	@Outcome(id = "200 rest cut, told once", expect = Expect.ACCEPTABLE, desc = "The element, then the error.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The element or the error is lost, or comes twice.")
	@State
	public static class LetGoAndFail {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		public LetGoAndFail() {
			this.request.begin().getResponse().writeWith(this.source.flux()).subscribe(new Signals());
			this.source.next(this.body);
		}

		@Actor
		public void letGo() {
			this.middleware.release();
		}

		@Actor
		public void fail() {
			this.source.fail(new UnsupportedOperationException());
		}

		@Arbiter
		public void result(L_Result result) {
			int told = this.middleware.sent();
			result.r1 = this.request.response() + ", told " + ((told == 1) ? "once" : told + " times")
					+ Leaks.of(this.body);
		}

	}

	/**
	 * The server asks for two more elements while the first is passed on.
	 */
	@JCStressTest
	@Outcome(id = "3, 1", expect = Expect.ACCEPTABLE, desc = "The source is asked for what the server wants.")
	@Outcome(id = "4, 1", expect = Expect.FORBIDDEN, desc = "The source may emit more than the server wants.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The body stalls.")
	@State
	public static class LetGoAndRequest {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		private final Source<DataBuffer> source = new Source<>();

		private final Server server = new Server();

		public LetGoAndRequest() {
			ResponseWriter writer = new ResponseWriter(this.request.begin().getResponse(), new Signals(false));
			writer.writeHolding(new Mono<>() {

				@Override
				public void subscribe(CoreSubscriber<? super Void> actual) {
					LetGoAndRequest.this.server.actual = actual;
					HeldBody.stream(LetGoAndRequest.this.source.flux(), writer).subscribe(LetGoAndRequest.this.server);
				}

			});
			this.source.next(new CountedBuffer("rest"));
		}

		@Actor
		public void letGo() {
			this.middleware.release();
		}

		@Actor
		public void request() {
			this.server.request(2);
		}

		@Arbiter
		public void result(JI_Result result) {
			result.r1 = this.source.requested();
			result.r2 = this.server.received;
		}

	}

	/**
	 * A server that asks for one element, and for more when it is told to.
	 */
	private static final class Server implements CoreSubscriber<DataBuffer> {

		private volatile @Nullable CoreSubscriber<? super Void> actual;

		private volatile @Nullable Subscription subscription;

		private volatile int received;

		void request(long n) {
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.request(n);
			}
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			CoreSubscriber<? super Void> actual = this.actual;
			if (actual != null) {
				actual.onSubscribe(subscription);
			}
			subscription.request(1);
		}

		@Override
		public void onNext(DataBuffer buffer) {
			this.received++;
			DataBufferUtils.release(buffer);
		}

		@Override
		public void onError(Throwable ex) {
		}

		@Override
		public void onComplete() {
		}

	}

}
