package io.github.asyncmiddleware.internal.response;

import java.util.concurrent.atomic.AtomicInteger;

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
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;

/**
 * A filter gives an answer up and completes, so that the request ends, while the answer
 * is on its way. A server that has heard of the end must not hear of a head.
 */
public final class GiveUpAndEndStress {

	private GiveUpAndEndStress() {
	}

	/**
	 * One answer, which is given up.
	 */
	static class Answer {

		final StressRequest request = new StressRequest();

		/** The part of the chain behind the middleware that may be further out. */
		final AttemptExchange part = this.request.begin();

		private final AttemptExchange attempt = AttemptExchange.begin(this.part, this.request.run());

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		private final AtomicInteger ends = new AtomicInteger();

		private volatile @Nullable String atEnd;

		final void begin() {
			ResponseFace inner = this.attempt.getResponse();
			inner.setStatusCode(HttpStatus.CREATED);
			inner.writeWith(this.source.flux()).subscribe(this.rest);
		}

		final void arrives() {
			this.source.next(this.body);
		}

		final void isGivenUp() {
			this.rest.cancel();
			this.attempt.discard();
		}

		final void end() {
			if (!this.request.run().tryAwaitHandover(this::ended)) {
				ended();
			}
		}

		private void ended() {
			this.atEnd = this.request.response().toString();
			this.ends.incrementAndGet();
		}

		@Override
		public String toString() {
			String response = this.request.response().toString();
			String atEnd = this.atEnd;
			return response + ((atEnd == null || atEnd.equals(response)) ? "" : ", " + atEnd + " at the end")
					+ ", ends " + this.ends + Leaks.of(this.body);
		}

	}

	/**
	 * Nothing else waits for the answer.
	 */
	@JCStressTest
	@Outcome(id = "nothing, ends 1", expect = Expect.ACCEPTABLE, desc = "It was given up first.")
	@Outcome(id = "201( rest)? cut, ends 1", expect = Expect.ACCEPTABLE, desc = "Its head was first.")
	@Outcome(id = ".*at the end.*", expect = Expect.FORBIDDEN, desc = "The end has overtaken something.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No end, two ends, or a buffer that is not released once.")
	@State
	public static class Alone {

		private final Answer answer = new Answer();

		public Alone() {
			this.answer.begin();
		}

		@Actor
		public void arrive() {
			this.answer.arrives();
		}

		@Actor
		public void giveUp() {
			this.answer.isGivenUp();
			this.answer.end();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.answer.toString();
		}

	}

	/**
	 * A middleware further out is shown the answer, and lets it pass.
	 */
	@JCStressTest
	@Outcome(id = "nothing, ends 1", expect = Expect.ACCEPTABLE, desc = "It was given up first.")
	@Outcome(id = "201( rest)? cut, ends 1", expect = Expect.ACCEPTABLE, desc = "Its head was first.")
	@Outcome(id = "201 rest cut, ends 0", expect = Expect.ACCEPTABLE,
			desc = "The middleware carries it, and ends with its body.")
	@Outcome(id = ".*at the end.*", expect = Expect.FORBIDDEN, desc = "The end has overtaken something.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No end, two ends, or a buffer that is not released once.")
	@State
	public static class PastMiddleware {

		private final Answer answer = new Answer();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.answer.request, true);

		public PastMiddleware() {
			this.answer.begin();
		}

		@Actor
		public void arrive() {
			this.answer.arrives();
		}

		@Actor
		public void giveUp() {
			this.answer.isGivenUp();
			this.middleware.restEnds(this.answer::end);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.answer.toString();
		}

	}

	/**
	 * As before, and the filter answers itself. One of the two answers is sent.
	 */
	@JCStressTest
	@Outcome(id = "503 fallback, ends 1", expect = Expect.ACCEPTABLE, desc = "It was given up first.")
	@Outcome(id = "201( rest)? cut, ends 1", expect = Expect.ACCEPTABLE, desc = "Its head was first.")
	@Outcome(id = "201 rest cut, ends 0", expect = Expect.ACCEPTABLE,
			desc = "The middleware carries it, and ends with its body.")
	@Outcome(id = "nothing.*", expect = Expect.FORBIDDEN, desc = "Both are lost.")
	@Outcome(id = ".*at the end.*", expect = Expect.FORBIDDEN, desc = "The end has overtaken something.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No end, two ends, or a buffer that is not released once.")
	@State
	public static class AnswerPastMiddleware {

		private final Answer answer = new Answer();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.answer.request, true);

		public AnswerPastMiddleware() {
			this.answer.begin();
		}

		@Actor
		public void arrive() {
			this.answer.arrives();
		}

		@Actor
		public void giveUp() {
			this.answer.isGivenUp();
			ResponseFace face = this.answer.part.getResponse();
			face.setStatusCode(HttpStatus.SERVICE_UNAVAILABLE);
			face.writeWith(Mono.just(new CountedBuffer("fallback")))
				.subscribe(null, null, () -> this.middleware.restEnds(this.answer::end));
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.answer.toString();
		}

	}

	/**
	 * A middleware in the part that is given up begins again, while the filter is about
	 * to answer itself.
	 */
	@JCStressTest
	@Outcome(id = "503 fallback, ends 0, leaked", expect = Expect.ACCEPTABLE,
			desc = "The answer of the filter; the buffer of the rest was never emitted.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "What the filter has done to the head is undone, or not sent.")
	@State
	public static class AnswerPastNextAttempt {

		private final Answer answer = new Answer();

		private final AwaitingMiddleware middleware = new AwaitingMiddleware(this.answer.request, false);

		@Actor
		public void beginAgain() {
			this.middleware.discardRest(this.answer.attempt);
		}

		@Actor
		public void giveUp() {
			this.answer.isGivenUp();
			this.answer.part.getResponse().setStatusCode(HttpStatus.SERVICE_UNAVAILABLE);
		}

		@Arbiter
		public void result(L_Result result) {
			this.answer.part.getResponse().writeWith(Mono.just(new CountedBuffer("fallback"))).subscribe();
			result.r1 = this.answer.toString();
		}

	}

}
