package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.OverloadException;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestDeadlines;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for middlewares that go on although their part is over: the request has ended, or
 * those further out have given the part up. Nothing of what they do then is judged or
 * sent, and nothing further in starts.
 */
class CutOffTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final RecordingListener listener = new RecordingListener();

	/** What the log would tell of the middlewares. */
	private final List<String> told = new ArrayList<>();

	private final AtomicInteger entered = new AtomicInteger();

	private final Sinks.Empty<Void> timeout = Sinks.empty();

	private final Held<Object> middle = new Held<>();

	private final Held<Object> outer = new Held<>();

	private final TestChain chain = new TestChain().quietErrors()
		.listener(this.listener)
		.guard((middleware, misuse, request) -> this.told.add(middleware.name() + " " + misuse))
		.failures(new FailureLog() {

			@Override
			public void skipped(Middleware middleware, Part part, Throwable failure, @Nullable LoggedRequest request) {
				CutOffTests.this.told.add(middleware.name() + " skipped");
				CutOffTests.this.whenSkipped.run();
			}

			@Override
			public void unavailable(Middleware middleware, UnavailableException failure,
					@Nullable LoggedRequest request) {
				CutOffTests.this.told.add(middleware.name() + " unavailable");
				CutOffTests.this.whenUnavailable.run();
			}

		});

	private Runnable whenSkipped = () -> {
	};

	private Runnable whenUnavailable = () -> {
	};

	private Cut cut = Cut.CANCELLED;

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	private final BaseSubscriber<Void> client = new BaseSubscriber<>() {
	};

	private final WebHandler handler = (exchange) -> {
		this.entered.incrementAndGet();
		return exchange.getResponse().setComplete();
	};

	static List<Arguments> cases() {
		List<Arguments> cases = new ArrayList<>();
		for (Cut cut : Cut.values()) {
			for (Style style : Style.values()) {
				for (Act act : style.acts) {
					// A foreign filter shares its response with those further in, as in
					// any
					// application, so what a plain filter writes to that is sent
					if (cut != Cut.GIVEN_UP_BY_FOREIGN || style != Style.FILTER || act != Act.ANSWERS) {
						cases.add(Arguments.of(cut, style, act, OnFailure.FAIL));
						cases.add(Arguments.of(cut, style, act, OnFailure.SKIP));
					}
				}
			}
		}
		return cases;
	}

	@ParameterizedTest
	@MethodSource("cases")
	void whatItDoesDoesNotCount(Cut cut, Style style, Act act, OnFailure onFailure) throws Exception {
		this.cut = cut;
		outer(cut);
		if (style == Style.MEMBER) {
			this.chain.middleware("other", hook(new PassingHook(), true));
		}
		this.chain.middleware("cut-off", onFailure, style.code(this, act)).middleware("inner", (exchange, next) -> {
			this.entered.incrementAndGet();
			return next.filter(exchange);
		});
		this.chain.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		switch (cut) {
			case ENDED -> this.client.cancel();
			case CANCELLED -> {
				this.client.cancel();
				this.middle.goOn();
			}
			default -> {
				this.timeout.tryEmitEmpty();
				this.middle.goOn();
				// What is further out answers only now, so the request goes on until here
				this.outer.goOn();
			}
		}
		RecordedRequest record = this.listener.take();
		assertThat(record.results().get(record.results().size() - 1)).isEqualTo("cut-off CANCELLED");
		assertThat(this.told).isEmpty();
		assertThat(this.entered).hasValue(0);
		boolean answered = cut != Cut.ENDED && cut != Cut.CANCELLED;
		assertThat(record.result()).isEqualTo(answered ? RequestResult.OK : RequestResult.GONE_BEFORE_HEAD);
		assertThat(this.listener.isEmpty()).isTrue();
		if (answered) {
			assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.GATEWAY_TIMEOUT);
			assertThat(this.response.isCommitted()).isTrue();
			assertThat(this.response.getHeaders().headerNames()).isEmpty();
		}
	}

	/**
	 * The request does not go on where it was given up while the deadline cancels the
	 * work of the middleware.
	 */
	@ParameterizedTest
	@CsvSource({ "GIVEN_UP, FAIL", "GIVEN_UP, SKIP", "GIVEN_UP_BY_FOREIGN, FAIL", "GIVEN_UP_BY_FOREIGN, SKIP",
			"GIVEN_UP_BY_AWAITING, FAIL", "GIVEN_UP_BY_AWAITING, SKIP" })
	void isNotSkippedIfItIsGivenUpWhileItsTimePasses(Cut cut, OnFailure onFailure) throws Exception {
		passTime(cut, onFailure, () -> this.timeout.tryEmitEmpty());
		assertThat(this.listener.take().results()).contains("cut-off CANCELLED");
		assertThat(this.told).isEmpty();
	}

	/**
	 * The same where it is skipped, and given up before the request goes on without it.
	 */
	@ParameterizedTest
	@EnumSource(names = { "GIVEN_UP", "GIVEN_UP_BY_FOREIGN", "GIVEN_UP_BY_AWAITING" })
	void theRequestDoesNotGoOnWithoutItIfItIsGivenUpMeanwhile(Cut cut) throws Exception {
		this.whenSkipped = () -> this.timeout.tryEmitEmpty();
		passTime(cut, OnFailure.SKIP, () -> {
		});
		assertThat(this.listener.take().results()).contains("cut-off TIMEOUT_OPEN");
		assertThat(this.told).containsExactly("cut-off skipped");
	}

	/**
	 * The answer of the rest that it holds does not stand in the way of the other one.
	 */
	@ParameterizedTest
	@EnumSource(names = { "GIVEN_UP", "GIVEN_UP_BY_FOREIGN", "GIVEN_UP_BY_AWAITING" })
	void doesNotHoldItsAnswerIfItIsGivenUpWhileItsTimePasses(Cut cut) throws Exception {
		passTime(cut, OnFailure.FAIL,
				await((request, next) -> next.handle(request)
					.cast(ServerResponse.class)
					.delayUntil((response) -> Mono.never().doOnCancel(() -> {
						this.timeout.tryEmitEmpty();
						this.outer.goOn();
					}))));
		assertThat(this.entered).hasValue(1);
		assertThat(this.response.getHeaders().headerNames()).isEmpty();
		assertThat(this.listener.take().status()).isEqualTo(504);
	}

	/**
	 * The same where one between them gives it up, and is given up itself meanwhile.
	 */
	@ParameterizedTest
	@EnumSource(names = { "GIVEN_UP", "GIVEN_UP_BY_AWAITING" })
	void doesNotHoldItsAnswerIfThoseFurtherOutAreGivenUpMeanwhile(Cut cut) throws Exception {
		Sinks.Empty<Void> impatience = Sinks.empty();
		outer(cut);
		this.chain
			.middleware("between", (exchange, next) -> next.filter(exchange).timeout(impatience.asMono(), Mono.never()))
			.middleware("cut-off",
					await((request, next) -> next.handle(request)
						.cast(ServerResponse.class)
						.delayUntil((response) -> Mono.never().doOnCancel(() -> {
							this.timeout.tryEmitEmpty();
							this.outer.goOn();
						}))))
			.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		impatience.tryEmitEmpty();
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.GATEWAY_TIMEOUT);
		assertThat(this.listener.take().status()).isEqualTo(504);
	}

	private void passTime(Cut cut, OnFailure onFailure, Runnable whenCancelled) {
		passTime(cut, onFailure, MiddlewareCode.of((exchange, next) -> Mono.<Void>never().doOnCancel(whenCancelled)));
		assertThat(this.entered).hasValue(0);
	}

	private void passTime(Cut cut, OnFailure onFailure, MiddlewareCode code) {
		TestDeadlines deadlines = new TestDeadlines();
		outer(cut);
		this.chain.deadlines(deadlines)
			.middleware("cut-off", onFailure, Duration.ofMillis(100), code)
			.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		deadlines.advance(Duration.ofMillis(200));
		this.outer.goOn();
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.GATEWAY_TIMEOUT);
		assertThat(this.response.isCommitted()).isTrue();
	}

	/**
	 * As on a servlet container, which does not cancel such a request.
	 */
	@ParameterizedTest
	@EnumSource(names = { "CALLS_NEXT", "ANSWERS", "FAILS" }, mode = EnumSource.Mode.EXCLUDE)
	void doesNotForgetTheAnswerIfTheClientLeavesWhileItReads(Act act) throws Exception {
		this.chain.middleware("reads",
				(exchange, next) -> exchange.getRequest()
					.getBody()
					.onErrorResume(IOException.class, (ex) -> Flux.empty())
					.then(act.filter(exchange, next)));
		MockServerHttpRequest request = MockServerHttpRequest.post("/")
			.body(Flux.error(new IOException("Connection reset by peer")));
		this.chain.build(this.handler).handle(request, this.response).block(PATIENCE);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.results()).containsExactly("reads CANCELLED");
		assertThat(this.told).isEmpty();
	}

	/**
	 * The write fails as that of a servlet container does.
	 */
	@ParameterizedTest
	@EnumSource
	void hasNotFailedIfItsAnswerCannotBeWritten(OnFailure onFailure) throws Exception {
		this.chain.middleware("answers", onFailure, MiddlewareCode.of((exchange, next) -> write(exchange)));
		runWithBrokenPipe();
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
		assertThat(record.results()).containsExactly("answers ANSWERED");
		assertThat(this.told).isEmpty();
	}

	@Test
	void doesNotRepeatNextIfTheAnswerCannotBeWritten() throws Exception {
		this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).retry(1))
			.foreign("foreign", (exchange, next) -> next.filter(exchange).retry(1))
			.middleware("passes", (exchange, next) -> next.filter(exchange));
		runWithBrokenPipe();
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
		assertThat(record.results()).containsExactly("retries PASSED", "passes PASSED");
		assertThat(this.told).isEmpty();
		assertThat(this.entered).hasValue(1);
	}

	/**
	 * The first answer was written, so nothing is lost.
	 */
	@Test
	void hasFailedIfItsSecondAnswerCannotBeMade() throws Exception {
		this.chain.middleware("answers", (exchange, next) -> write(exchange)
			.then(exchange.getResponse().writeWith(Mono.error(new IllegalStateException("second")))));
		this.chain.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.onErrorComplete()
			.block(PATIENCE);
		assertThat(this.listener.take().results()).containsExactly("answers FAILED");
	}

	/**
	 * That is a bug whenever it happens, so it is told.
	 */
	@Test
	void isNotMisusedByNullIfTheRequestEndsMeanwhile() throws Exception {
		this.chain.middleware("leaves", (exchange, next) -> {
			this.client.cancel();
			return null;
		});
		this.chain.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		assertThat(this.listener.take().results()).containsExactly("leaves CANCELLED");
		assertThat(this.told).containsExactly("leaves NULL_RESULT");
	}

	@Test
	void noMemberOfAGroupIsCalledAfterTheEnd() throws Exception {
		this.chain.middleware("leaves", hook(new LeavingHook(this), true))
			.middleware("next", hook(new LeavingHook(this), true));
		this.chain.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		assertThat(this.listener.take().results()).containsExactly("leaves CANCELLED", "next CANCELLED");
		assertThat(this.entered).hasValue(1);
		assertThat(this.told).isEmpty();
	}

	/**
	 * The end of a run that was given up is not the end of the next one, so the time is
	 * not that of the middleware further out.
	 */
	@ParameterizedTest
	@EnumSource(names = { "COMPLETES", "FAILS" })
	void doesNotEndTheNextRun(Act act) throws Exception {
		TestDeadlines deadlines = new TestDeadlines();
		Held<Void> again = new Held<>();
		AtomicInteger runs = new AtomicInteger();
		this.chain.deadlines(deadlines)
			.middleware("outer", OnFailure.FAIL, Duration.ofMillis(100),
					MiddlewareCode.of((exchange, next) -> next.filter(exchange)
						.timeout(this.timeout.asMono(), Mono.error(new IllegalStateException("again")))
						.onErrorResume((ex) -> next.filter(exchange))))
			.middleware("cut-off",
					(exchange, next) -> (runs.incrementAndGet() == 1) ? this.middle.hold(act.filter(exchange, next))
							: again.hold(Mono.defer(() -> next.filter(exchange))));
		this.chain.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		this.timeout.tryEmitEmpty();
		this.middle.goOn();
		deadlines.advance(Duration.ofMillis(200));
		again.goOn();
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("outer PASSED", "cut-off PASSED");
		assertThat(record.status()).isEqualTo(200);
		assertThat(this.told).isEmpty();
		assertThat(this.entered).hasValue(1);
	}

	/**
	 * The same where the first run fails by itself, and is given up in that moment.
	 */
	@Test
	void doesNotEndTheNextRunThatBeginsWhileItFails() throws Exception {
		TestDeadlines deadlines = new TestDeadlines();
		Held<Void> again = new Held<>();
		AtomicInteger runs = new AtomicInteger();
		this.whenUnavailable = () -> this.timeout.tryEmitEmpty();
		this.chain.deadlines(deadlines)
			.middleware("outer", OnFailure.FAIL, Duration.ofMillis(100),
					MiddlewareCode.of((exchange, next) -> next.filter(exchange)
						.timeout(this.timeout.asMono(), Mono.error(new IllegalStateException("again")))
						.onErrorResume((ex) -> next.filter(exchange))))
			.middleware("fails",
					(exchange, next) -> (runs.incrementAndGet() == 1)
							? this.middle.<Void>hold(Mono.error(new OverloadException()))
							: again.hold(Mono.defer(() -> next.filter(exchange))));
		this.chain.build(this.handler)
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(this.client);
		this.middle.goOn();
		assertThat(runs).hasValue(2);
		deadlines.advance(Duration.ofMillis(200));
		again.goOn();
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("outer PASSED", "fails PASSED");
		assertThat(record.status()).isEqualTo(200);
		assertThat(this.told).containsExactly("fails unavailable");
		assertThat(this.entered).hasValue(1);
	}

	private void runWithBrokenPipe() {
		this.response.setWriteHandler((body) -> body.then(Mono.error(new IOException("Broken pipe"))));
		this.chain.build((exchange) -> {
			this.entered.incrementAndGet();
			return write(exchange);
		})
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.onErrorResume(IOException.class, (ex) -> Mono.empty())
			.block(PATIENCE);
	}

	private static Mono<Void> write(ServerWebExchange exchange) {
		return exchange.getResponse().writeWith(Mono.fromSupplier(() -> buffer(exchange)));
	}

	private static DataBuffer buffer(ServerWebExchange exchange) {
		return exchange.getResponse().bufferFactory().wrap("answer".getBytes());
	}

	private void outer(Cut cut) {
		WebFilter gives = (exchange, next) -> next.filter(exchange)
			.timeout(this.timeout.asMono(), this.outer.<Void>hold(Mono.defer(() -> {
				exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
				return exchange.getResponse().setComplete();
			})));
		switch (cut) {
			case ENDED, CANCELLED -> {
			}
			case GIVEN_UP -> this.chain.middleware("outer", gives);
			case GIVEN_UP_BY_FOREIGN -> this.chain.foreign("outer", gives);
			case GIVEN_UP_BY_AWAITING -> this.chain.middleware("outer", await((request, next) -> next.handle(request)
				.cast(ServerResponse.class)
				.timeout(this.timeout.asMono(),
						this.outer.<ServerResponse>hold(ServerResponse.status(HttpStatus.GATEWAY_TIMEOUT).build()))));
		}
	}

	private static MiddlewareCode await(HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		return new AwaitFilter(function, List::of, () -> AwaitFilterTests.CONTEXT).toCode();
	}

	private static MiddlewareCode hook(Object bean, boolean concurrent) {
		return HookCodes.inPlace(bean, concurrent);
	}

	/**
	 * What the middleware waits for, and does not stop waiting for if it is cancelled.
	 */
	private <T> Mono<T> held(ServerWebExchange exchange, Mono<T> then) {
		if (this.cut == Cut.ENDED) {
			RequestRun.of(exchange).atEnd(this.middle::goOn);
		}
		return this.middle.hold(then);
	}

	/**
	 * How the part of the middleware comes to be over.
	 */
	enum Cut {

		/** The request has ended, and the cancellation has not reached the middleware. */
		ENDED,

		CANCELLED, GIVEN_UP, GIVEN_UP_BY_FOREIGN, GIVEN_UP_BY_AWAITING

	}

	/**
	 * What the middleware does afterwards.
	 */
	enum Act {

		CALLS_NEXT, COMPLETES, SETS_STATUS, ANSWERS, FAILS;

		Mono<Void> filter(ServerWebExchange exchange, WebFilterChain next) {
			return switch (this) {
				case CALLS_NEXT -> Mono.defer(() -> next.filter(exchange));
				case COMPLETES -> Mono.empty();
				case SETS_STATUS -> Mono.fromRunnable(() -> exchange.getResponse().setStatusCode(HttpStatus.FORBIDDEN));
				case ANSWERS -> Mono.defer(() -> {
					exchange.getResponse().getHeaders().set("X-Late", "yes");
					return write(exchange);
				});
				case FAILS -> Mono.error(new IllegalStateException("late"));
			};
		}

		Mono<ServerResponse> function(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return switch (this) {
				case CALLS_NEXT -> Mono.defer(() -> next.handle(request)).map((response) -> {
					throw new AssertionError("There is no response");
				});
				case ANSWERS -> ServerResponse.accepted().header("X-Late", "yes").bodyValue("answer");
				default -> filter(request.exchange(), (exchange) -> Mono.empty()).cast(ServerResponse.class);
			};
		}

		Mono<ServerResponse> hook(ServerWebExchange exchange) {
			return switch (this) {
				case ANSWERS -> ServerResponse.accepted().header("X-Late", "yes").bodyValue("answer");
				default -> filter(exchange, (ignored) -> Mono.empty()).cast(ServerResponse.class);
			};
		}

	}

	/**
	 * How the middleware is written. A hook calls next by completing.
	 */
	enum Style {

		FILTER(Act.values()) {

			@Override
			MiddlewareCode code(CutOffTests test, Act act) {
				return MiddlewareCode.of((exchange, next) -> test.held(exchange, act.filter(exchange, next)));
			}

		},

		FUNCTION(Act.values()) {

			@Override
			MiddlewareCode code(CutOffTests test, Act act) {
				return await((request, next) -> test.held(request.exchange(), act.function(request, next)));
			}

		},

		HOOK(Act.COMPLETES, Act.SETS_STATUS, Act.ANSWERS, Act.FAILS) {

			@Override
			MiddlewareCode code(CutOffTests test, Act act) {
				return hook(new Hook(test, act), false);
			}

		},

		MEMBER(Act.COMPLETES, Act.SETS_STATUS, Act.ANSWERS, Act.FAILS) {

			@Override
			MiddlewareCode code(CutOffTests test, Act act) {
				return hook(new Hook(test, act), true);
			}

		};

		private final List<Act> acts;

		Style(Act... acts) {
			this.acts = List.of(acts);
		}

		abstract MiddlewareCode code(CutOffTests test, Act act);

	}

	static class Hook {

		private final CutOffTests test;

		private final Act act;

		Hook(CutOffTests test, Act act) {
			this.test = test;
			this.act = act;
		}

		@OnRequest
		Mono<ServerResponse> run(ServerWebExchange exchange) {
			return this.test.held(exchange, this.act.hook(exchange));
		}

	}

	static class LeavingHook {

		private final CutOffTests test;

		LeavingHook(CutOffTests test) {
			this.test = test;
		}

		@OnRequest(blocking = false)
		void run() {
			this.test.entered.incrementAndGet();
			this.test.client.cancel();
		}

	}

	static class PassingHook {

		@OnRequest
		Mono<Void> run() {
			return Mono.empty();
		}

	}

	/**
	 * Work that goes on when it is told to, cancelled or not, as that of a thread that
	 * blocks.
	 */
	private static final class Held<T> {

		private Runnable work = () -> {
			throw new IllegalStateException("Not subscribed to");
		};

		<R extends T> Mono<R> hold(Mono<R> then) {
			return new Mono<>() {

				@Override
				public void subscribe(CoreSubscriber<? super R> actual) {
					actual.onSubscribe(Operators.emptySubscription());
					Held.this.work = () -> then.subscribe(actual::onNext, actual::onError, actual::onComplete,
							actual.currentContext());
				}

			};
		}

		void goOn() {
			this.work.run();
		}

	}

}
