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
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.run.Segment;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.view.ViewResolver;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

/**
 * A request in a chain of middlewares that await the response.
 */
abstract class Awaited {

	static final long TIMEOUT = 200_000_000;

	private static final HandlerStrategies STRATEGIES = HandlerStrategies.withDefaults();

	private final StressClock clock = new StressClock();

	private final StressRequest request = new StressRequest(this.clock);

	private final Source<DataBuffer> source = new Source<>();

	private final CountedBuffer body = new CountedBuffer("rest");

	private final Source<Object> timer = new Source<>();

	private final Source<Object> start = new Source<>();

	private final Sinks.Empty<Void> action = Sinks.empty();

	private final AtomicReference<@Nullable Mono<?>> next = new AtomicReference<>();

	private final Signals signals = new Signals();

	Awaited(Middleware... middlewares) {
		this(false, middlewares);
	}

	/**
	 * Begin the request.
	 * @param answered whether the handler has answered, too
	 */
	Awaited(boolean answered, Middleware... middlewares) {
		this(answered, (exchange, chain) -> chain.filter(exchange), middlewares);
	}

	/**
	 * Begin the request.
	 * @param answered whether the handler has answered, too
	 * @param foreign a filter around the middlewares that is none of ours
	 */
	Awaited(boolean answered, WebFilter foreign, Middleware... middlewares) {
		ServerWebExchange exchange = this.request.exchange();
		exchange.getAttributes().put("body", this.source);
		exchange.getAttributes().put("timer", this.timer);
		exchange.getAttributes().put("start", this.start);
		exchange.getAttributes().put("action", this.action.asMono());
		exchange.getAttributes().put("next", this.next);
		Segment segment = new Segment(List.of(middlewares), handler(), guards(this.clock));
		foreign.filter(exchange, segment::handle).subscribe(this.signals);
		if (answered) {
			emit();
		}
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

	/** What the head waits for is done. */
	void act() {
		this.action.tryEmitEmpty();
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

	/**
	 * The time of the clock that was started last is used up.
	 */
	void deadline() {
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

	/**
	 * Whose time it is.
	 */
	String owner() {
		StepRecord owner = this.request.run().awaited();
		return ", time of " + ((owner != null) ? owner.middleware().name() : "none");
	}

	/**
	 * Takes as long as a line of the log may, so that others decide meanwhile.
	 */
	private static void log(Middleware middleware, FailureLog.Part part, Throwable failure,
			@Nullable LoggedRequest request) {
		for (int i = 0; i < 300; i++) {
			Thread.onSpinWait();
		}
	}

	private static Guards guards(StressClock clock) {
		return new Guards((middleware, misuse, request) -> true, Awaited::log, clock, ThreadActivities.NONE);
	}

	static Middleware middleware(int index, OnFailure onFailure, @Nullable Duration timeout,
			HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		AwaitFilter filter = new AwaitFilter(function, STRATEGIES::messageReaders, WriterContext::new);
		return new Middleware(index, "m" + index, Awaited.class, index, MiddlewareScope.ALL, onFailure, timeout,
				filter.toCode());
	}

	static Source<Object> timer(ServerRequest request) {
		return request.exchange().getRequiredAttribute("timer");
	}

	/**
	 * Gives the rest up when the timer says so, and answers itself.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> timeout() {
		return (request, next) -> next.handle(request)
			.cast(ServerResponse.class)
			.timeout(timer(request).mono(), ServerResponse.status(HttpStatus.GATEWAY_TIMEOUT).build());
	}

	/**
	 * A filter that gives the rest up when it is told to start, and answers itself.
	 */
	static Middleware impatient() {
		return filter("impatient", Awaited::impatient);
	}

	/**
	 * A filter that gives the rest up when it is told to start, and has something else to
	 * do that does not end.
	 */
	static Middleware busy() {
		return filter("busy", (exchange, chain) -> {
			Source<Object> start = exchange.getRequiredAttribute("start");
			return chain.filter(exchange).timeout(start.mono(), Mono.never());
		});
	}

	private static Middleware filter(String name, WebFilter filter) {
		return new Middleware(0, name, Awaited.class, 0, MiddlewareScope.ALL, OnFailure.FAIL, null,
				MiddlewareCode.of(filter));
	}

	static Mono<Void> impatient(ServerWebExchange exchange, WebFilterChain chain) {
		Source<Object> start = exchange.getRequiredAttribute("start");
		return chain.filter(exchange).timeout(start.mono(), Mono.defer(() -> {
			exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
			return exchange.getResponse().setComplete();
		}));
	}

	/**
	 * Lets the response go when the timer says so.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> delay() {
		return (request, next) -> next.handle(request)
			.cast(ServerResponse.class)
			.delayUntil((response) -> timer(request).mono());
	}

	/**
	 * Lets the response go when the timer says so, and has the head wait until it is told
	 * to start.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> delayBeforeAction() {
		return (request, next) -> {
			Source<Object> start = request.exchange().getRequiredAttribute("start");
			request.exchange().getResponse().beforeCommit(() -> start.mono().then());
			return delay().filter(request, next);
		};
	}

	/**
	 * Never lets the response go, and has the head of any wait for an action.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> holdsBeforeAction() {
		return (request, next) -> {
			Mono<Void> action = request.exchange().getRequiredAttribute("action");
			request.exchange().getResponse().beforeCommit(() -> action);
			return delay().filter(request, next);
		};
	}

	/**
	 * Answers by itself when the timer says so.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> answers() {
		return (request, next) -> timer(request).mono().then(ServerResponse.status(HttpStatus.GATEWAY_TIMEOUT).build());
	}

	/**
	 * Answers by itself when the rest has failed and the timer says so.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> recovers() {
		return (request, next) -> next.handle(request)
			.cast(ServerResponse.class)
			.onErrorResume((ex) -> answers().filter(request, next));
	}

	/**
	 * Lets the response go at once.
	 */
	static HandlerFilterFunction<LiveResponse, ServerResponse> pass() {
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
	static HandlerFilterFunction<LiveResponse, ServerResponse> returned() {
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

}
