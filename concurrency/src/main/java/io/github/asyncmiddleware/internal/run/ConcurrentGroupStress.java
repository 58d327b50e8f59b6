package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * Races between the members of a {@link ConcurrentGroup}, of which there are two.
 */
public final class ConcurrentGroupStress {

	private static final Segment FAIL = segment(OnFailure.FAIL, answer(200));

	private static final Segment PENDING = segment(OnFailure.FAIL, ConcurrentGroupStress::handle);

	private static final Segment SKIP = segment(OnFailure.SKIP, answer(200));

	private ConcurrentGroupStress() {
	}

	private static Segment segment(OnFailure onFailure, WebHandler rest) {
		return new Segment(List.of(member(0, onFailure), member(1, onFailure)), rest,
				StressLinks.guards(StressLinks.STRICT, Deadlines.NONE));
	}

	private static Middleware member(int index, OnFailure onFailure) {
		MiddlewareCode code = new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP,
				(exchange, chain) -> chain.filter(exchange), (exchange, context, beginning) -> work(exchange, index),
				null);
		return StressLinks.middleware(index, onFailure, null, code);
	}

	private static Mono<Void> handle(ServerWebExchange exchange) {
		Source<Void> rest = exchange.getRequiredAttribute("rest");
		return rest.mono();
	}

	private static Mono<WebHandler> work(ServerWebExchange exchange, int index) {
		Source<WebHandler> source = exchange.getRequiredAttribute("work" + index);
		return source.mono();
	}

	private static WebHandler answer(int status) {
		return (exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatusCode.valueOf(status));
			return exchange.getResponse().setComplete();
		};
	}

	/**
	 * A request that is in a group.
	 */
	private static class Group {

		private final StressRequest request = new StressRequest();

		private final Source<WebHandler> first = new Source<>();

		private final Source<WebHandler> second = new Source<>();

		private final Source<Void> rest = new Source<>();

		private final Signals signals = new Signals();

		Group(Segment segment) {
			this.request.exchange().getAttributes().put("work0", this.first);
			this.request.exchange().getAttributes().put("work1", this.second);
			this.request.exchange().getAttributes().put("rest", this.rest);
			segment.handle(this.request.exchange()).subscribe(this.signals);
		}

		Source<WebHandler> first() {
			return this.first;
		}

		Source<WebHandler> second() {
			return this.second;
		}

		Source<Void> rest() {
			return this.rest;
		}

		Signals signals() {
			return this.signals;
		}

		static void answer(Source<WebHandler> source, int status) {
			source.next(ConcurrentGroupStress.answer(status));
			source.complete();
		}

		String summary() {
			String results = "";
			for (StepRecord step = this.request.run().last(); step != null; step = step.previous()) {
				if (step.middleware().index() >= 0) {
					results = " " + step.result() + results;
				}
			}
			return this.request.response() + ", " + this.signals + "," + results;
		}

	}

	/**
	 * Both let the request pass.
	 */
	@JCStressTest
	@Outcome(id = "200, completes, PASSED PASSED", expect = Expect.ACCEPTABLE, desc = "The rest runs once.")
	@Outcome(id = "nothing.*", expect = Expect.FORBIDDEN, desc = "The rest does not run.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest runs twice, or a member is lost.")
	@State
	public static class PassAndPass extends Group {

		public PassAndPass() {
			super(FAIL);
		}

		@Actor
		public void passFirst() {
			first().complete();
		}

		@Actor
		public void passSecond() {
			second().complete();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * Both answer.
	 */
	@JCStressTest
	@Outcome(id = "401, completes, ANSWERED CANCELLED", expect = Expect.ACCEPTABLE,
			desc = "The first in order decides, whichever is faster.")
	@Outcome(id = "402.*", expect = Expect.FORBIDDEN, desc = "The outcome depends on who is faster.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No answer, or two.")
	@State
	public static class AnswerAndAnswer extends Group {

		public AnswerAndAnswer() {
			super(FAIL);
		}

		@Actor
		public void answerFirst() {
			answer(first(), 401);
		}

		@Actor
		public void answerSecond() {
			answer(second(), 402);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The first passes, the second answers.
	 */
	@JCStressTest
	@Outcome(id = "402, completes, PASSED ANSWERED", expect = Expect.ACCEPTABLE,
			desc = "The answer has waited for the first.")
	@Outcome(id = "200.*", expect = Expect.FORBIDDEN, desc = "The rest runs although a member has answered.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No answer, or two.")
	@State
	public static class PassAndAnswer extends Group {

		public PassAndAnswer() {
			super(FAIL);
		}

		@Actor
		public void passFirst() {
			first().complete();
		}

		@Actor
		public void answerSecond() {
			answer(second(), 402);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The first answers, the second passes.
	 */
	@JCStressTest
	@Outcome(id = "401, completes, ANSWERED CANCELLED", expect = Expect.ACCEPTABLE,
			desc = "The second has lost, whether it has passed or not.")
	@Outcome(id = "200.*", expect = Expect.FORBIDDEN, desc = "The rest runs although a member has answered.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No answer, or two.")
	@State
	public static class AnswerAndPass extends Group {

		public AnswerAndPass() {
			super(FAIL);
		}

		@Actor
		public void answerFirst() {
			answer(first(), 401);
		}

		@Actor
		public void passSecond() {
			second().complete();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The first fails, the second answers.
	 */
	@JCStressTest
	@Outcome(id = "nothing, fails with UnsupportedOperationException, FAILED CANCELLED", expect = Expect.ACCEPTABLE,
			desc = "The first in order decides.")
	@Outcome(id = "402.*", expect = Expect.FORBIDDEN, desc = "A failure is hidden by an answer.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No end, or two.")
	@State
	public static class FailAndAnswer extends Group {

		public FailAndAnswer() {
			super(FAIL);
		}

		@Actor
		public void failFirst() {
			first().fail(new UnsupportedOperationException());
		}

		@Actor
		public void answerSecond() {
			answer(second(), 402);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The first fails and is skipped, the second passes.
	 */
	@JCStressTest
	@Outcome(id = "200, completes, FAILED_OPEN PASSED", expect = Expect.ACCEPTABLE,
			desc = "The request goes on without the first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest does not run, or runs twice.")
	@State
	public static class FailAndPassSkipped extends Group {

		public FailAndPassSkipped() {
			super(SKIP);
		}

		@Actor
		public void failFirst() {
			first().fail(new UnsupportedOperationException());
		}

		@Actor
		public void passSecond() {
			second().complete();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The first answers while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "401, (completes|hears nothing), ANSWERED CANCELLED", expect = Expect.ACCEPTABLE,
			desc = "The answer was on its way.")
	@Outcome(id = "nothing, hears nothing, (ANSWERED|CANCELLED) CANCELLED", expect = Expect.ACCEPTABLE,
			desc = "The cancellation was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "An answer that is torn, or an end too many.")
	@State
	public static class AnswerAndCancel extends Group {

		public AnswerAndCancel() {
			super(FAIL);
		}

		@Actor
		public void answerFirst() {
			answer(first(), 401);
		}

		@Actor
		public void cancel() {
			signals().cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The last one passes, so the rest begins, while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "not started", expect = Expect.ACCEPTABLE, desc = "The cancellation was first.")
	@Outcome(id = "cancelled", expect = Expect.ACCEPTABLE, desc = "The rest has begun, and was cancelled.")
	@Outcome(id = "goes on", expect = Expect.FORBIDDEN, desc = "The rest runs for a request that has ended.")
	@State
	public static class PassAndCancel extends Group {

		public PassAndCancel() {
			super(PENDING);
			first().complete();
		}

		@Actor
		public void passSecond() {
			second().complete();
		}

		@Actor
		public void cancel() {
			signals().cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			String started = rest().isCancelled() ? "cancelled" : "goes on";
			result.r1 = (rest().subscriptions() == 0) ? "not started" : started;
		}

	}

}
