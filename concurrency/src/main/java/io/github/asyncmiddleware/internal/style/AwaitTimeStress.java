package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.OnFailure;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * Races for the time of a request between an answer that goes out and a filter that gives
 * it up, and then has something to do.
 */
public final class AwaitTimeStress {

	private AwaitTimeStress() {
	}

	private static Mono<Void> withAction(ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().beforeCommit(Mono::empty);
		return chain.filter(exchange);
	}

	/**
	 * A function lets the answer go that it was shown.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes.*", expect = Expect.ACCEPTABLE, desc = "The answer was first.")
	@Outcome(id = "201 mark rest, hears nothing.*", expect = Expect.ACCEPTABLE,
			desc = "The same, and what the filter does instead has no effect.")
	@Outcome(id = "nothing, hears nothing, time of busy", expect = Expect.ACCEPTABLE, desc = "The filter was first.")
	@Outcome(id = "nothing, hears nothing, time of none", expect = Expect.FORBIDDEN,
			desc = "The answer that was given up takes the time from the filter.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class LetGoAndGiveUp extends Awaited {

		public LetGoAndGiveUp() {
			super(true, busy(), middleware(1, OnFailure.FAIL, null, delay()));
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + owner();
		}

	}

	/**
	 * The answer is past all middlewares, and has commit actions to run.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes.*", expect = Expect.ACCEPTABLE, desc = "The answer was first.")
	@Outcome(id = "201 mark rest, hears nothing.*", expect = Expect.ACCEPTABLE,
			desc = "The same, and what the filter does instead has no effect.")
	@Outcome(id = "nothing, hears nothing, time of busy", expect = Expect.ACCEPTABLE, desc = "The filter was first.")
	@Outcome(id = "nothing, hears nothing, time of none", expect = Expect.FORBIDDEN,
			desc = "The answer that was given up takes the time from the filter.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class ActAndGiveUp extends Awaited {

		public ActAndGiveUp() {
			super(false, AwaitTimeStress::withAction, busy());
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + owner();
		}

	}

}
