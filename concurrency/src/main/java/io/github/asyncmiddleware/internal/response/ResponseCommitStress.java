package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.concurrency.CountedBuffer;
import io.github.asyncmiddleware.concurrency.Leaks;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressRequest;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * Races for the head of one response: {@link ResponseCommit} and its writers.
 */
public final class ResponseCommitStress {

	private ResponseCommitStress() {
	}

	private static void write(ServerHttpResponse response, HttpStatus status, String text, Signals signals) {
		response.setStatusCode(status);
		response.writeWith(Mono.just(new CountedBuffer(text))).subscribe(signals);
	}

	/**
	 * A middleware gives the rest of the chain up, as with a timeout, and answers itself,
	 * while the rest has its head decided.
	 */
	@JCStressTest
	@Outcome(id = "201 rest, rest completes, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The rest was first; what the middleware does has no effect.")
	@Outcome(id = "201 rest, rest hears nothing, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The same, and the rest was cancelled before it could be told.")
	@Outcome(id = "503 fallback, rest hears nothing, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The middleware was first, and the rest is not heard of.")
	@Outcome(id = "503 rest.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the body of another.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class GiveUp {

		private final StressRequest request = new StressRequest();

		private final ResponseFace face = this.request.face();

		private final AttemptExchange attempt = this.request.begin();

		private final ResponseFace inner = this.attempt.getResponse();

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		private final Signals fallback = new Signals();

		public GiveUp() {
			this.inner.setStatusCode(HttpStatus.CREATED);
			this.inner.writeWith(this.source.mono()).subscribe(this.rest);
		}

		@Actor
		public void arrive() {
			this.source.next(this.body);
			this.source.complete();
		}

		@Actor
		public void giveUp() {
			this.rest.cancel();
			this.attempt.discard();
			write(this.face, HttpStatus.SERVICE_UNAVAILABLE, "fallback", this.fallback);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", rest " + this.rest + ", fallback " + this.fallback
					+ Leaks.of(this.body);
		}

	}

	/**
	 * The same for an answer without a body.
	 */
	@JCStressTest
	@Outcome(id = "201, rest (completes|hears nothing), fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The rest was first; what the middleware does has no effect.")
	@Outcome(id = "503 fallback, rest hears nothing, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The middleware was first, and the rest is not heard of.")
	@Outcome(id = "503 fallback, rest completes, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The rest came after the response was sent, when there is nothing left to do.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice.")
	@State
	public static class GiveUpBodiless {

		private final StressRequest request = new StressRequest();

		private final ResponseFace face = this.request.face();

		private final AttemptExchange attempt = this.request.begin();

		private final ResponseFace inner = this.attempt.getResponse();

		private final Signals rest = new Signals();

		private final Signals fallback = new Signals();

		public GiveUpBodiless() {
			this.inner.setStatusCode(HttpStatus.CREATED);
		}

		@Actor
		public void arrive() {
			this.inner.setComplete().subscribe(this.rest);
		}

		@Actor
		public void giveUp() {
			this.rest.cancel();
			this.attempt.discard();
			write(this.face, HttpStatus.SERVICE_UNAVAILABLE, "fallback", this.fallback);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", rest " + this.rest + ", fallback " + this.fallback;
		}

	}

	/**
	 * Two parts of the chain answer at the same time.
	 */
	@JCStressTest
	@Outcome(id = "200 one, one completes, two completes", expect = Expect.ACCEPTABLE, desc = "One was first.")
	@Outcome(id = "200 two, one completes, two completes", expect = Expect.ACCEPTABLE, desc = "Two was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "None or both were sent, or one does not end with the first.")
	@State
	public static class TwoWriters {

		private final StressRequest request = new StressRequest();

		private final Signals one = new Signals();

		private final Signals two = new Signals();

		private final CountedBuffer first = new CountedBuffer("one");

		private final CountedBuffer second = new CountedBuffer("two");

		@Actor
		public void one() {
			this.request.face().writeWith(Mono.just(this.first)).subscribe(this.one);
		}

		@Actor
		public void two() {
			this.request.face().writeWith(Mono.just(this.second)).subscribe(this.two);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", one " + this.one + ", two " + this.two + Leaks.of(this.first)
					+ Leaks.of(this.second);
		}

	}

	/**
	 * The server cancels while the head is decided.
	 */
	@JCStressTest
	@Outcome(id = "200 rest, rest (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The head was first, so the body follows.")
	@Outcome(id = "nothing, rest hears nothing", expect = Expect.ACCEPTABLE, desc = "The cancellation was first.")
	@Outcome(id = "200 cut.*", expect = Expect.FORBIDDEN, desc = "A head without the body that was there.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A signal too many, or a buffer that is not released once.")
	@State
	public static class ArriveAndCancel {

		private final StressRequest request = new StressRequest();

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		public ArriveAndCancel() {
			this.request.face().writeWith(this.source.mono()).subscribe(this.rest);
		}

		@Actor
		public void arrive() {
			this.source.next(this.body);
			this.source.complete();
		}

		@Actor
		public void cancel() {
			this.rest.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", rest " + this.rest + Leaks.of(this.body);
		}

	}

	/**
	 * The server cancels while a stream begins.
	 */
	@JCStressTest
	@Outcome(id = "(nothing|200 cut|200 rest cut), cancelled", expect = Expect.ACCEPTABLE,
			desc = "The element goes to the server or is released, and the source is cancelled.")
	@Outcome(id = ".*goes on", expect = Expect.FORBIDDEN, desc = "Nothing stops the source.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A buffer is not released once.")
	@State
	public static class StreamAndCancel {

		private final StressRequest request = new StressRequest();

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		public StreamAndCancel() {
			this.request.face().writeWith(this.source.flux()).subscribe(this.rest);
		}

		@Actor
		public void begin() {
			this.source.next(this.body);
		}

		@Actor
		public void cancel() {
			this.rest.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", " + (this.source.isCancelled() ? "cancelled" : "goes on")
					+ Leaks.of(this.body);
		}

	}

	/**
	 * A middleware that awaits the response gives it up, as with a timeout, while it
	 * comes.
	 */
	@JCStressTest
	@Outcome(id = "201 rest, rest completes, fallback hears nothing", expect = Expect.ACCEPTABLE,
			desc = "The response was first, and was released.")
	@Outcome(id = "503 fallback, rest hears nothing, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The middleware was first, and the rest was cancelled.")
	@Outcome(id = "503 fallback, rest completes, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "The same; the rest had answered, so it completes instead of being cancelled.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class ShowAndGiveUp {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, true);

		private final ResponseFace inner = this.request.begin().getResponse();

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		private final Signals fallback = new Signals();

		public ShowAndGiveUp() {
			this.inner.setStatusCode(HttpStatus.CREATED);
			this.inner.writeWith(this.source.mono()).subscribe(this.rest);
		}

		@Actor
		public void show() {
			this.source.next(this.body);
			this.source.complete();
		}

		@Actor
		public void giveUp() {
			if (this.middleware.tryGiveUp(this.rest::cancel)) {
				write(this.request.face(), HttpStatus.SERVICE_UNAVAILABLE, "fallback", this.fallback);
			}
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", rest " + this.rest + ", fallback " + this.fallback
					+ Leaks.of(this.body);
		}

	}

	/**
	 * A middleware releases the response, while one further out gives it up.
	 */
	@JCStressTest
	@Outcome(id = "201 rest, fallback hears nothing, told once", expect = Expect.ACCEPTABLE,
			desc = "It was shown further out first, and was released there.")
	@Outcome(id = "503 fallback, fallback completes, told (once|never)", expect = Expect.ACCEPTABLE,
			desc = "The one further out was first, and the response goes no further.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class ReleaseAndGiveUp {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware outer = new AwaitingMiddleware(this.request, true);

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		private final ResponseFace inner = this.request.begin().getResponse();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		private final Signals fallback = new Signals();

		public ReleaseAndGiveUp() {
			this.inner.setStatusCode(HttpStatus.CREATED);
			this.inner.writeWith(Mono.just(this.body)).subscribe(this.rest);
		}

		@Actor
		public void release() {
			this.middleware.release();
		}

		@Actor
		public void giveUp() {
			if (this.outer.tryGiveUp(this.middleware::cancel)) {
				write(this.request.face(), HttpStatus.SERVICE_UNAVAILABLE, "fallback", this.fallback);
			}
		}

		@Arbiter
		public void result(L_Result result) {
			int told = this.middleware.sent();
			result.r1 = this.request.response() + ", fallback " + this.fallback + ", told "
					+ ((told == 0) ? "never" : (told == 1) ? "once" : told + " times") + Leaks.of(this.body);
		}

	}

	/**
	 * A middleware releases the response that it was shown, while it is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "201 rest, told (once|never)", expect = Expect.ACCEPTABLE,
			desc = "It was on its way to the server, with the body that was there.")
	@Outcome(id = "nothing, told never", expect = Expect.ACCEPTABLE, desc = "The cancellation was first.")
	@Outcome(id = "201 cut.*", expect = Expect.FORBIDDEN, desc = "A head without the body that was there.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A signal too many, or a buffer that is not released once.")
	@State
	public static class ReleaseAndCancel {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		private final ResponseFace inner = this.request.begin().getResponse();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		public ReleaseAndCancel() {
			this.inner.setStatusCode(HttpStatus.CREATED);
			this.inner.writeWith(Mono.just(this.body)).subscribe(this.rest);
		}

		@Actor
		public void release() {
			this.middleware.release();
		}

		@Actor
		public void cancel() {
			this.rest.cancel();
			this.middleware.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			int told = this.middleware.sent();
			result.r1 = this.request.response() + ", told "
					+ ((told == 0) ? "never" : (told == 1) ? "once" : told + " times") + Leaks.of(this.body);
		}

	}

	/**
	 * A middleware answers itself in place of the response that it was shown, while the
	 * rest of the chain is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "503 fallback, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "What was shown is gone, whichever ends it first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class DiscardAndCancel {

		private final StressRequest request = new StressRequest();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		private final ResponseFace inner = this.request.begin().getResponse();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		private final Signals fallback = new Signals();

		public DiscardAndCancel() {
			this.inner.setStatusCode(HttpStatus.CREATED);
			this.inner.writeWith(Mono.just(this.body)).subscribe(this.rest);
		}

		@Actor
		public void discard() {
			if (this.middleware.discard()) {
				write(this.request.face(), HttpStatus.SERVICE_UNAVAILABLE, "fallback", this.fallback);
			}
		}

		@Actor
		public void cancel() {
			this.rest.cancel();
			this.middleware.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response() + ", fallback " + this.fallback + Leaks.of(this.body);
		}

	}

	/**
	 * A part of the chain changes the head while its attempt is discarded.
	 */
	@JCStressTest
	@Outcome(id = "200 fallback, fallback completes", expect = Expect.ACCEPTABLE,
			desc = "Nothing is left of the attempt, whenever it was discarded.")
	@Outcome(id = ".*mark.*", expect = Expect.FORBIDDEN, desc = "A header of the discarded attempt.")
	@Outcome(id = "201.*", expect = Expect.FORBIDDEN, desc = "The status of the discarded attempt.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The response that follows is lost.")
	@State
	public static class ChangeAndDiscard {

		private final StressRequest request = new StressRequest();

		private final ResponseFace face = this.request.face();

		private final AttemptExchange attempt = this.request.begin();

		private final ResponseFace inner = this.attempt.getResponse();

		private final Signals fallback = new Signals();

		@Actor
		public void change() {
			this.inner.getHeaders().set("mark", "mark");
			this.inner.setStatusCode(HttpStatus.CREATED);
		}

		@Actor
		public void discard() {
			this.attempt.discard();
		}

		@Arbiter
		public void result(L_Result result) {
			this.face.writeWith(Mono.just(new CountedBuffer("fallback"))).subscribe(this.fallback);
			result.r1 = this.request.response() + ", fallback " + this.fallback;
		}

	}

	/**
	 * A part of the chain registers what is to be done before the head, while the head is
	 * decided.
	 */
	@JCStressTest
	@Outcome(id = "200 one( two)?( three)? rest", expect = Expect.ACCEPTABLE,
			desc = "What was registered by then is done, in the same order.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "An action is left out, or the response is lost.")
	@State
	public static class RegisterAndArrive {

		private final StressRequest request = new StressRequest();

		public RegisterAndArrive() {
			register("one");
		}

		private void register(String name) {
			this.request.face()
				.beforeCommit(() -> Mono.fromRunnable(() -> this.request.response().getHeaders().add("mark", name)));
		}

		@Actor
		public void register() {
			register("two");
			register("three");
		}

		@Actor
		public void arrive() {
			this.request.face().writeWith(Mono.just(new CountedBuffer("rest"))).subscribe(new Signals());
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.response().toString();
		}

	}

}
