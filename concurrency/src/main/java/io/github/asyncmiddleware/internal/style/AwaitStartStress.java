package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Races in a middleware that starts the rest of the chain on one thread while another one
 * decides, or starts it too.
 */
public final class AwaitStartStress {

	private AwaitStartStress() {
	}

	private static Source<Object> start(ServerRequest request) {
		return request.exchange().getRequiredAttribute("start");
	}

	/**
	 * Starts the rest when it is told to, and answers when the timer says so.
	 */
	private static HandlerFilterFunction<LiveResponse, ServerResponse> answersOrStarts() {
		return (request, next) -> Mono.firstWithSignal(
				start(request).mono().then(next.handle(request)).cast(ServerResponse.class),
				Awaited.timer(request).mono().then(ServerResponse.status(HttpStatus.GATEWAY_TIMEOUT).build()));
	}

	/**
	 * Starts the rest when it is told to, and fails when the timer says so.
	 */
	private static HandlerFilterFunction<LiveResponse, ServerResponse> failsOrStarts() {
		return (request, next) -> Mono.firstWithSignal(
				start(request).mono().then(next.handle(request)).cast(ServerResponse.class),
				Awaited.timer(request).mono().then(Mono.error(new UnsupportedOperationException())));
	}

	/**
	 * Lets the response of next go when the timer says so, whatever has started that.
	 */
	@SuppressWarnings("unchecked")
	private static HandlerFilterFunction<LiveResponse, ServerResponse> keepsNext() {
		return (request, next) -> {
			Mono<LiveResponse> response = next.handle(request);
			Awaited.show(request, response);
			return Awaited.timer(request).mono().then((Mono<ServerResponse>) (Mono<?>) response);
		};
	}

	/**
	 * The middleware answers while it starts the rest.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The rest is given up, started or not.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The answer is not sent.")
	@Outcome(id = "waits .*", expect = Expect.FORBIDDEN, desc = "The end waits for a rest that nothing wants.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another answer.")
	@State
	public static class StartAndAnswer extends Awaited {

		public StartAndAnswer() {
			super(Awaited.middleware(0, OnFailure.FAIL, null, answersOrStarts()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void answer() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summaryAfterBody();
		}

	}

	/**
	 * The middleware fails while it starts the rest.
	 */
	@JCStressTest
	@Outcome(id = "nothing, fails with UnsupportedOperationException", expect = Expect.ACCEPTABLE,
			desc = "The rest is given up, started or not.")
	@Outcome(id = "waits .*", expect = Expect.FORBIDDEN, desc = "The end waits for a rest that nothing wants.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest answers.")
	@State
	public static class StartAndFail extends Awaited {

		public StartAndFail() {
			super(Awaited.middleware(0, OnFailure.FAIL, null, failsOrStarts()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void failMiddleware() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summaryAfterBody();
		}

	}

	/**
	 * Two threads subscribe to what next has returned.
	 */
	@JCStressTest
	@Outcome(id = "completes, completes, 201 mark rest, completes", expect = Expect.ACCEPTABLE,
			desc = "Both get the one answer.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One of them gets none, or the response is lost.")
	@State
	public static class SubscribeTwice extends Awaited {

		private final Signals first = new Signals();

		private final Signals second = new Signals();

		public SubscribeTwice() {
			super(Awaited.middleware(0, OnFailure.FAIL, null, keepsNext()));
		}

		@Actor
		public void subscribe() {
			subscribeToNext(this.first);
		}

		@Actor
		public void subscribeToo() {
			subscribeToNext(this.second);
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = this.first + ", " + this.second + ", ";
			timer();
			result.r1 += summary();
		}

	}

}
