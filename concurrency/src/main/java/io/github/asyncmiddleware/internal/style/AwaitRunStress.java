package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.CountedBuffer;
import io.github.asyncmiddleware.concurrency.Leaks;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressClock;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.run.Segment;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
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
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.view.ViewResolver;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * Races in a middleware that awaits the response: {@link AwaitRun} and what it takes part
 * in, from the handler to the server.
 */
public final class AwaitRunStress {

	private static final long TIMEOUT = 200_000_000;

	private static final HandlerStrategies STRATEGIES = HandlerStrategies.withDefaults();

	private AwaitRunStress() {
	}

	private static Guards guards(StressClock clock) {
		return new Guards((middleware, misuse, request) -> true, FailureLog.NONE, clock, ThreadActivities.NONE);
	}

	static Middleware middleware(int index, OnFailure onFailure, @Nullable Duration timeout,
			HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		AwaitFilter filter = new AwaitFilter(function, STRATEGIES::messageReaders, WriterContext::new);
		return new Middleware(index, "m" + index, AwaitRunStress.class, index, MiddlewareScope.ALL, onFailure, timeout,
				filter.toCode());
	}

	static Source<Object> timer(ServerRequest request) {
		return request.exchange().getRequiredAttribute("timer");
	}

	/**
	 * Gives the rest up when the timer says so, and answers itself.
	 */
	private static HandlerFilterFunction<LiveResponse, ServerResponse> timeout() {
		return (request, next) -> next.handle(request)
			.cast(ServerResponse.class)
			.timeout(timer(request).mono(), ServerResponse.status(HttpStatus.GATEWAY_TIMEOUT).build());
	}

	/**
	 * Lets the response go when the timer says so.
	 */
	private static HandlerFilterFunction<LiveResponse, ServerResponse> delay() {
		return (request, next) -> next.handle(request)
			.cast(ServerResponse.class)
			.delayUntil((response) -> timer(request).mono());
	}

	/**
	 * Lets the response go when the timer says so, and has the head wait until it is told
	 * to start.
	 */
	private static HandlerFilterFunction<LiveResponse, ServerResponse> delayBeforeAction() {
		return (request, next) -> {
			Source<Object> start = request.exchange().getRequiredAttribute("start");
			request.exchange().getResponse().beforeCommit(() -> start.mono().then());
			return delay().filter(request, next);
		};
	}

	/**
	 * Lets the response go at once.
	 */
	private static HandlerFilterFunction<LiveResponse, ServerResponse> pass() {
		return (request, next) -> next.handle(request).map((response) -> response);
	}

	/**
	 * Starts the rest when it is told to.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> late() {
		return (request, next) -> {
			Source<Object> start = request.exchange().getRequiredAttribute("start");
			return start.mono().then(next.handle(request)).cast(ServerResponse.class);
		};
	}

	/**
	 * Show what next has returned to another thread.
	 */
	static void show(ServerRequest request, Mono<?> next) {
		AtomicReference<Mono<?>> shown = request.exchange().getRequiredAttribute("next");
		shown.set(next);
	}

	/**
	 * Returns next itself, and shows it to another thread before.
	 */
	@SuppressWarnings("unchecked")
	private static HandlerFilterFunction<LiveResponse, ServerResponse> returned() {
		return (request, next) -> {
			Mono<? extends ServerResponse> response = next.handle(request);
			show(request, response);
			return (Mono<ServerResponse>) response;
		};
	}

	/**
	 * Answers with what comes from the attribute {@code body}.
	 */
	private static WebHandler handler() {
		return (exchange) -> {
			Source<DataBuffer> source = exchange.getRequiredAttribute("body");
			exchange.getResponse().setStatusCode(HttpStatus.CREATED);
			exchange.getResponse().getHeaders().set("mark", "mark");
			return exchange.getResponse().writeWith(source.mono());
		};
	}

	/**
	 * A request in a chain of middlewares that await the response.
	 */
	abstract static class Awaited {

		private final StressClock clock = new StressClock();

		private final StressRequest request = new StressRequest(this.clock);

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Source<Object> timer = new Source<>();

		private final Source<Object> start = new Source<>();

		private final AtomicReference<@Nullable Mono<?>> next = new AtomicReference<>();

		private final Signals signals = new Signals();

		Awaited(Middleware... middlewares) {
			ServerWebExchange exchange = this.request.exchange();
			exchange.getAttributes().put("body", this.source);
			exchange.getAttributes().put("timer", this.timer);
			exchange.getAttributes().put("start", this.start);
			exchange.getAttributes().put("next", this.next);
			new Segment(List.of(middlewares), handler(), guards(this.clock)).handle(exchange).subscribe(this.signals);
		}

		void emit() {
			this.source.next(this.body);
			this.source.complete();
		}

		void fail() {
			this.body.release();
			this.source.fail(new UnsupportedOperationException());
		}

		void timer() {
			this.timer.complete();
		}

		/**
		 * Let the response go as soon as it is shown, if that is soon.
		 * @return whether it was
		 */
		boolean tryLetGo() {
			for (int i = 0; i < 10_000 && !this.timer.isSubscribed(); i++) {
				Thread.onSpinWait();
			}
			if (!this.timer.isSubscribed()) {
				return false;
			}
			timer();
			return true;
		}

		void start() {
			this.start.complete();
		}

		/**
		 * Subscribe to next, which is there.
		 */
		void subscribeToNext(Signals subscriber) {
			Mono<?> next = this.next.get();
			if (next != null) {
				next.subscribe(subscriber);
			}
		}

		/**
		 * Subscribe to next as soon as it is there, if that is soon.
		 */
		void subscribeToNext() {
			Mono<?> next = null;
			for (int i = 0; i < 1_000 && next == null; i++) {
				Thread.onSpinWait();
				next = this.next.get();
			}
			if (next != null) {
				next.subscribe();
			}
		}

		void cancelRequest() {
			this.signals.cancel();
		}

		void deadline() {
			this.clock.now(TIMEOUT);
			this.clock.ring();
		}

		/**
		 * The time of the clock that was started last is used up.
		 */
		void lastDeadline() {
			this.clock.now(2 * TIMEOUT);
			this.clock.ringLast();
		}

		/**
		 * What has come, and whether the end has waited for the body of the handler.
		 */
		String summaryAfterBody() {
			String waits = this.signals.toString().equals("hears nothing") ? "waits " : "";
			emit();
			return waits + summary();
		}

		String summary() {
			return this.request.response() + ", " + this.signals + Leaks.of(this.body);
		}

	}

	/**
	 * Writes the responses that middlewares make.
	 */
	private static final class WriterContext implements ServerResponse.Context {

		@Override
		public List<HttpMessageWriter<?>> messageWriters() {
			return STRATEGIES.messageWriters();
		}

		@Override
		public List<ViewResolver> viewResolvers() {
			return STRATEGIES.viewResolvers();
		}

	}

	/**
	 * The middleware gives up waiting while the rest answers.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The rest was first.")
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class TimeoutAndAnswer extends Awaited {

		public TimeoutAndAnswer() {
			super(middleware(0, OnFailure.FAIL, null, timeout()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same with one more middleware that awaits, further in.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The rest was first.")
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class TimeoutAndInnerRelease extends Awaited {

		public TimeoutAndInnerRelease() {
			super(middleware(0, OnFailure.FAIL, null, timeout()), middleware(1, OnFailure.FAIL, null, pass()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware gives up waiting while another one, further in, starts the rest.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The rest is given up, started or not.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN,
			desc = "The one further in was shown the answer of the other.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest answers, which was given up.")
	@State
	public static class TimeoutAndInnerStart extends Awaited {

		public TimeoutAndInnerStart() {
			super(middleware(0, OnFailure.FAIL, null, timeout()), middleware(1, OnFailure.FAIL, null, late()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = summary();
		}

	}

	/**
	 * The middleware returns next while another thread subscribes to it.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The rest runs once, for either.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The response is held and never sent.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another answer.")
	@State
	public static class ReturnAndSubscription extends Awaited {

		public ReturnAndSubscription() {
			super(middleware(0, OnFailure.FAIL, null, late()), middleware(1, OnFailure.FAIL, null, returned()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void subscribe() {
			subscribeToNext();
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = summary();
		}

	}

	/**
	 * The middleware starts the rest while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "Nothing is sent; an end that was on its way may still come.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest answers, which was cancelled.")
	@State
	public static class StartAndCancel extends Awaited {

		public StartAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, late()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void cancel() {
			cancelRequest();
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = summary();
		}

	}

	/**
	 * The middleware gives up waiting while the rest fails.
	 */
	@JCStressTest
	@Outcome(id = "nothing, fails with UnsupportedOperationException", expect = Expect.ACCEPTABLE,
			desc = "The rest was first.")
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class TimeoutAndFailure extends Awaited {

		public TimeoutAndFailure() {
			super(middleware(0, OnFailure.FAIL, null, timeout()));
		}

		@Actor
		public void failRest() {
			fail();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware answers itself while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "(nothing|504), (completes|hears nothing), leaked", expect = Expect.ACCEPTABLE,
			desc = "Sent or not; the buffer of the rest was never emitted.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn or sent twice.")
	@State
	public static class TimeoutAndCancel extends Awaited {

		public TimeoutAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, timeout()));
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Actor
		public void cancel() {
			cancelRequest();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The rest answers while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The answer was first.")
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The cancellation was first; an end that was on its way may still come.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn, or a buffer is not released once.")
	@State
	public static class AnswerAndCancel extends Awaited {

		public AnswerAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, pass()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void cancel() {
			cancelRequest();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware lets go the response that it was shown while the request is
	 * cancelled.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The response was on its way.")
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The cancellation was first; an end that was on its way may still come.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn, or a buffer is not released once.")
	@State
	public static class LetGoAndCancel extends Awaited {

		public LetGoAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, delay()));
			emit();
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void cancel() {
			cancelRequest();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The own time of the middleware is used up while it lets the response go.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, fails with DeadlineException", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class DeadlineAndLetGo extends Awaited {

		public DeadlineAndLetGo() {
			super(middleware(0, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), delay()));
			emit();
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void ring() {
			deadline();
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
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE,
			desc = "The response goes out, whichever lets it go.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class SkipAndLetGo extends Awaited {

		public SkipAndLetGo() {
			super(middleware(0, OnFailure.SKIP, Duration.ofNanos(TIMEOUT), delay()));
			emit();
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware lets the response go on one thread, while the one that has shown it
	 * still takes it from the rest; then the head waits for longer than the time that the
	 * middleware has left.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE,
			desc = "The head does not wait for the middleware, so it has all of its time left.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The middleware is given up after it has decided.")
	@State
	public static class DecisionAndTake extends Awaited {

		private boolean decided;

		public DecisionAndTake() {
			super(middleware(0, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), delayBeforeAction()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void letGo() {
			this.decided = tryLetGo();
		}

		@Arbiter
		public void result(L_Result result) {
			if (!this.decided) {
				timer();
			}
			lastDeadline();
			start();
			result.r1 = summary();
		}

	}

}
