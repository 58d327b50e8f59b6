package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * Races between the runs of one segment in one request: {@link SegmentRun}.
 */
public final class SegmentRunStress {

	private static final Segment SEGMENT = new Segment(
			List.of(StressLinks.middleware(0, OnFailure.FAIL, null,
					MiddlewareCode.of((exchange, chain) -> chain.filter(exchange)))),
			SegmentRunStress::handle, StressLinks.guards((middleware, misuse, request) -> true, Deadlines.NONE));

	private SegmentRunStress() {
	}

	private static Mono<Void> handle(ServerWebExchange exchange) {
		Source<Void> source = exchange.getRequiredAttribute("source");
		return source.mono();
	}

	/**
	 * A filter runs the chain twice at the same time.
	 */
	@JCStressTest
	@Outcome(id = "1 runs, one completes, two completes", expect = Expect.ACCEPTABLE, desc = "The second does nothing.")
	@Outcome(id = "2 runs.*", expect = Expect.FORBIDDEN, desc = "The handler runs twice.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The handler does not run, or an end is lost.")
	@State
	public static class RunTwice {

		private final StressRequest request = new StressRequest();

		private final Source<Void> source = new Source<>();

		private final Signals one = new Signals();

		private final Signals two = new Signals();

		public RunTwice() {
			this.request.exchange().getAttributes().put("source", this.source);
		}

		@Actor
		public void one() {
			SEGMENT.handle(this.request.exchange()).subscribe(this.one);
		}

		@Actor
		public void two() {
			SEGMENT.handle(this.request.exchange()).subscribe(this.two);
		}

		@Arbiter
		public void result(L_Result result) {
			this.source.complete();
			result.r1 = this.source.subscriptions() + " runs, one " + this.one + ", two " + this.two;
		}

	}

	/**
	 * A filter cancels the chain, and runs it again, while the first run completes.
	 */
	@JCStressTest
	@Outcome(id = "1 runs, first completes, second completes", expect = Expect.ACCEPTABLE,
			desc = "The first run has succeeded, so there is no other.")
	@Outcome(id = "2 runs, first (completes|hears nothing), second hears nothing", expect = Expect.ACCEPTABLE,
			desc = "The first run was cancelled, so there is another.")
	@Outcome(id = "1 runs, first hears nothing.*", expect = Expect.FORBIDDEN,
			desc = "Cancelled, and refused to run again.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A run or an end too many.")
	@State
	public static class CancelAndComplete {

		private final StressRequest request = new StressRequest();

		private final Source<Void> source = new Source<>();

		private final Signals first = new Signals();

		private final Signals second = new Signals();

		public CancelAndComplete() {
			this.request.exchange().getAttributes().put("source", this.source);
			SEGMENT.handle(this.request.exchange()).subscribe(this.first);
		}

		@Actor
		public void complete() {
			this.source.complete();
		}

		@Actor
		public void cancel() {
			this.first.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			SEGMENT.handle(this.request.exchange()).subscribe(this.second);
			result.r1 = this.source.subscriptions() + " runs, first " + this.first + ", second " + this.second;
		}

	}

}
