package io.github.asyncmiddleware.internal.run;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressClock;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

/**
 * Races between the end of a part of the chain and a middleware further out that gives
 * the part up: the words of a {@link Relay} and of the {@link Step} that it leads to.
 */
public final class RelayStress {

	private static final Duration TIMEOUT = Duration.ofMillis(200);

	private RelayStress() {
	}

	/**
	 * A middleware with another one further in.
	 */
	private abstract static class Pair {

		private final StressClock clock = new StressClock();

		private final StressRequest request = new StressRequest(this.clock);

		private final Source<Object> timer = new Source<>();

		private final Source<Void> work = new Source<>();

		private final Source<Void> handler = new Source<>();

		private final Signals signals = new Signals();

		void start(Middleware outer, Middleware inner) {
			new Segment(List.of(outer, inner),
					(exchange) -> this.handler.mono().then(answer(exchange, HttpStatus.CREATED)),
					StressLinks.guards(StressLinks.STRICT, this.clock))
				.handle(this.request.exchange())
				.subscribe(this.signals);
		}

		static Middleware middleware(int index, OnFailure onFailure, @Nullable Duration timeout, WebFilter filter) {
			return StressLinks.middleware(index, onFailure, timeout, MiddlewareCode.of(filter));
		}

		static Mono<Void> answer(ServerWebExchange exchange, HttpStatus status) {
			return Mono.defer(() -> {
				exchange.getResponse().setStatusCode(status);
				return exchange.getResponse().setComplete();
			});
		}

		Mono<Object> timer() {
			return this.timer.mono();
		}

		Source<Void> work() {
			return this.work;
		}

		Source<Void> handler() {
			return this.handler;
		}

		void giveUp() {
			this.timer.complete();
		}

		/**
		 * The time of the clock that was started last is used up.
		 */
		void deadline() {
			this.clock.now(this.clock.now() + TIMEOUT.toNanos());
			this.clock.ringLast();
		}

		/**
		 * What the handler does.
		 */
		String handling() {
			if (!this.handler.isSubscribed()) {
				return "";
			}
			return this.handler.isCancelled() ? ", handler cancelled" : ", handler goes on";
		}

		String summary() {
			return this.request.response() + ", " + this.signals;
		}

	}

	/**
	 * A middleware has used up its time, and could be skipped, while the one further out
	 * gives it up and answers.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "Given up before the handler began.")
	@Outcome(id = "504, completes, handler cancelled", expect = Expect.ACCEPTABLE,
			desc = "Given up afterwards, or in the moment in which the handler is subscribed to.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The handler goes on, or there is another answer.")
	@State
	public static class DeadlineAndOuterCancel extends Pair {

		public DeadlineAndOuterCancel() {
			start(middleware(0, OnFailure.FAIL, null,
					(exchange, next) -> next.filter(exchange)
						.timeout(timer(), answer(exchange, HttpStatus.GATEWAY_TIMEOUT))),
					middleware(1, OnFailure.SKIP, TIMEOUT, (exchange, next) -> work().mono()));
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void cancel() {
			giveUp();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + handling();
		}

	}

	/**
	 * The rest of the chain fails while the middleware, which has a timeout, gives it up.
	 * Either way it runs the rest once more, for longer than it has time itself.
	 */
	@JCStressTest
	@Outcome(id = "201, completes", expect = Expect.ACCEPTABLE, desc = "The second run answers.")
	@Outcome(id = ".*DeadlineException", expect = Expect.FORBIDDEN,
			desc = "Its clock runs while the rest does: the end of the first run was taken for that of the second.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class FailAndRetry extends Pair {

		private volatile boolean retries;

		public FailAndRetry() {
			start(middleware(0, OnFailure.FAIL, TIMEOUT,
					(exchange, next) -> next.filter(exchange)
						.timeout(timer(), Mono.error(new IllegalStateException()))
						.onErrorResume((ex) -> {
							this.retries = true;
							return next.filter(exchange);
						})),
					middleware(1, OnFailure.FAIL, null,
							(exchange, next) -> this.retries ? next.filter(exchange) : work().mono()));
		}

		@Actor
		public void fail() {
			work().fail(new UnsupportedOperationException());
		}

		@Actor
		public void cancel() {
			giveUp();
		}

		@Arbiter
		public void result(L_Result result) {
			deadline();
			handler().complete();
			result.r1 = summary();
		}

	}

	/**
	 * A middleware has used up its time while it sends an answer of its own.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, fails with DeadlineException", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "An answer that is sent is broken off, or the request never ends.")
	@State
	public static class DeadlineAndOwnAnswer extends Pair {

		public DeadlineAndOwnAnswer() {
			start(middleware(0, OnFailure.FAIL, null, (exchange, next) -> next.filter(exchange)),
					middleware(1, OnFailure.FAIL, TIMEOUT,
							(exchange, next) -> work().mono().then(answer(exchange, HttpStatus.GATEWAY_TIMEOUT))));
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void answer() {
			work().complete();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same where the request goes on without the middleware.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "201, completes, handler goes on", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Two answers, none, or one that is broken off.")
	@State
	public static class SkipAndOwnAnswer extends Pair {

		public SkipAndOwnAnswer() {
			start(middleware(0, OnFailure.FAIL, null, (exchange, next) -> next.filter(exchange)),
					middleware(1, OnFailure.SKIP, TIMEOUT,
							(exchange, next) -> work().mono().then(answer(exchange, HttpStatus.GATEWAY_TIMEOUT))));
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void answer() {
			work().complete();
		}

		@Arbiter
		public void result(L_Result result) {
			handler().complete();
			result.r1 = summary() + handling();
		}

	}

	/**
	 * A middleware starts the rest of the chain without waiting for it, while it is given
	 * up.
	 */
	@JCStressTest
	@Outcome(id = "handler cancelled", expect = Expect.ACCEPTABLE, desc = "It has begun, and was cancelled.")
	@Outcome(id = "handler not begun", expect = Expect.ACCEPTABLE, desc = "The middleware was given up before.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The handler goes on for a middleware that was given up.")
	@State
	public static class StartAndGiveUp extends Pair {

		private Mono<Void> rest = Mono.empty();

		public StartAndGiveUp() {
			start(middleware(0, OnFailure.FAIL, null,
					(exchange, next) -> next.filter(exchange)
						.timeout(timer(), answer(exchange, HttpStatus.GATEWAY_TIMEOUT))),
					middleware(1, OnFailure.FAIL, null, (exchange, next) -> {
						this.rest = next.filter(exchange);
						return work().mono();
					}));
		}

		@Actor
		public void startRest() {
			this.rest.subscribe();
		}

		@Actor
		public void cancel() {
			giveUp();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = handling().isEmpty() ? "handler not begun" : handling().substring(2);
		}

	}

}
