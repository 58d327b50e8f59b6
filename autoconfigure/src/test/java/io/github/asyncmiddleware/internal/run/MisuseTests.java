package io.github.asyncmiddleware.internal.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.publisher.TestPublisher;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Misuse}: what is found, and what is done about it, on real sockets.
 */
class MisuseTests {

	private final List<String> found = new CopyOnWriteArrayList<>();

	private final Sinks.Empty<Void> unawaited = Sinks.empty();

	private final AtomicInteger handled = new AtomicInteger();

	private final RecordingListener listener = new RecordingListener();

	private final TestChain chain = new TestChain().listener(this.listener).guard(guard(true));

	@AfterEach
	void everyRequestIsRecordedOnce() {
		assertThat(this.listener.isEmpty()).isTrue();
	}

	@Test
	void failsARequestWhoseMiddlewareDropsNext() throws Exception {
		this.chain.middleware("drops", (exchange, next) -> {
			next.filter(exchange);
			return Mono.empty();
		});
		assertThat(get(handler())).startsWith("HTTP/1.1 500 ").doesNotContain("drops");
		assertThat(this.found).containsExactly("drops DROPPED_NEXT");
		assertThat(this.handled).hasValue(0);
		assertThat(this.listener.take().results()).containsExactly("drops MISUSED");
	}

	@Test
	void failsARequestWhoseMiddlewareForgetsNext() throws Exception {
		this.chain.middleware("outer", (exchange, next) -> {
			exchange.getResponse().getHeaders().set("X-Outer", "1");
			return next.filter(exchange).doOnSuccess((done) -> {
			});
		}).middleware("forgets", (exchange, next) -> Mono.delay(Duration.ofMillis(1)).then());
		assertThat(get(handler())).startsWith("HTTP/1.1 500 ");
		assertThat(this.found).containsExactly("forgets DROPPED_NEXT");
		assertThat(this.listener.take().results()).containsExactly("outer PASSED", "forgets MISUSED");
	}

	@Test
	void failsARequestThatSetsHeadersAndDropsNext() throws Exception {
		this.chain.middleware("drops", (exchange, next) -> {
			exchange.getResponse().getHeaders().set("X-Mine", "1");
			return next.filter(exchange).ignoreElement().as((ignored) -> Mono.empty());
		});
		assertThat(get(handler())).startsWith("HTTP/1.1 500 ");
		assertThat(this.found).containsExactly("drops DROPPED_NEXT");
		this.listener.take();
	}

	@ParameterizedTest
	@EnumSource(Answer.class)
	void takesAnAnswerForAnAnswer(Answer answer) throws Exception {
		this.chain.middleware("answers", (exchange, next) -> answer.give(exchange));
		assertThat(get(handler())).startsWith("HTTP/1.1 " + answer.status + " ");
		assertThat(this.found).isEmpty();
		assertThat(this.handled).hasValue(0);
		assertThat(this.listener.take().results()).containsExactly("answers ANSWERED");
	}

	@ParameterizedTest
	@ValueSource(strings = { "cache", "share", "plain" })
	void doesNotTakeARecoveryForForgetting(String how) throws Exception {
		this.chain.middleware("recovers", (exchange, next) -> {
			Mono<Void> rest = next.filter(exchange);
			Mono<Void> shared = how.equals("cache") ? rest.cache() : how.equals("share") ? rest.share() : rest;
			return shared.onErrorResume((ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.BAD_GATEWAY);
				return Mono.empty();
			});
		});
		assertThat(get((exchange) -> Mono.error(new IllegalStateException("handler")))).startsWith("HTTP/1.1 502 ");
		assertThat(this.found).isEmpty();
		assertThat(this.listener.take().results()).containsExactly("recovers PASSED");
	}

	@Test
	void runsTheHandlerOnceInTheClassicBug() throws Exception {
		this.chain.middleware("classic",
				(exchange, next) -> Mono.just("user")
					.flatMap((user) -> next.filter(exchange))
					.switchIfEmpty(next.filter(exchange)));
		assertThat(get(handler())).startsWith("HTTP/1.1 200 ").endsWith("handled");
		assertThat(this.listener.take().results()).containsExactly("classic PASSED");
		assertThat(this.handled).hasValue(1);
		assertThat(this.found).containsExactly("classic REPEATED_NEXT");
	}

	@Test
	void runsAHandlerThatCompletesWithoutAnswerOnce() throws Exception {
		this.chain.middleware("repeats", (exchange, next) -> next.filter(exchange).then(next.filter(exchange)));
		assertThat(get((exchange) -> {
			this.handled.incrementAndGet();
			return Mono.empty();
		})).startsWith("HTTP/1.1 200 ");
		assertThat(this.listener.take().results()).containsExactly("repeats PASSED");
		assertThat(this.handled).hasValue(1);
		assertThat(this.found).containsExactly("repeats REPEATED_NEXT");
	}

	@Test
	void findsNothingInARetryOrAFallback() throws Exception {
		this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).retry(3))
			.middleware("falls back",
					(exchange, next) -> next.filter(exchange).onErrorResume((ex) -> next.filter(exchange)));
		assertThat(get((exchange) -> (this.handled.incrementAndGet() < 4)
				? Mono.error(new IllegalStateException("again")) : answer(exchange)))
			.startsWith("HTTP/1.1 200 ");
		assertThat(this.found).isEmpty();
		this.listener.take();
	}

	@Test
	void doesNotRunTheHandlerAfterAnAnswer() throws Exception {
		this.chain.middleware("late", (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
			return exchange.getResponse().setComplete().then(next.filter(exchange));
		});
		assertThat(get(handler())).startsWith("HTTP/1.1 401 ");
		assertThat(this.listener.take().results()).containsExactly("late ANSWERED");
		assertThat(this.handled).hasValue(0);
		assertThat(this.found).containsExactly("late LATE_NEXT");
	}

	@ParameterizedTest
	@ValueSource(strings = { "answers", "fails", "drops", "returns null" })
	void doesNotRunTheHandlerAfterTheEndOfTheMiddleware(String how) throws Exception {
		List<Mono<Void>> rest = new ArrayList<>();
		this.chain.middleware("outer",
				(exchange, next) -> next.filter(exchange)
					.onErrorResume((ex) -> Mono.empty())
					.then(Mono.defer(() -> rest.get(0)))
					.then(Mono.fromRunnable(() -> exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED))));
		this.chain.middleware("late", (exchange, next) -> {
			rest.add(next.filter(exchange));
			return switch (how) {
				case "answers" ->
					Mono.fromRunnable(() -> exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED));
				case "fails" -> Mono.error(new IllegalStateException("fails"));
				case "drops" -> Mono.empty();
				default -> null;
			};
		});
		assertThat(get(handler())).startsWith("HTTP/1.1 401 ");
		this.listener.take();
		assertThat(this.handled).hasValue(0);
		assertThat(this.found).endsWith("late LATE_NEXT");
	}

	@Test
	void findsNothingInAnotherRunAfterOneThatWasGivenUp() throws Exception {
		AtomicInteger runs = new AtomicInteger();
		this.chain.middleware("impatient",
				(exchange, next) -> Mono.firstWithSignal(next.filter(exchange), Mono.delay(Duration.ofMillis(1)).then())
					.then(next.filter(exchange)));
		assertThat(
				get((exchange) -> (runs.incrementAndGet() == 1) ? Mono.never() : exchange.getResponse().setComplete()))
			.startsWith("HTTP/1.1 200 ");
		assertThat(this.listener.take().results()).containsExactly("impatient PASSED");
		assertThat(runs).hasValue(2);
		assertThat(this.found).isEmpty();
	}

	@Test
	void waitsForARestThatNobodyAwaits() throws Exception {
		this.chain.foreign("outer", this::runAndLetTheRestEnd).middleware("forgets to wait", (exchange, next) -> {
			next.filter(exchange).subscribe();
			return Mono.empty();
		}).middleware("inner", (exchange, next) -> this.unawaited.asMono().then(next.filter(exchange)));
		assertThat(get(handler())).startsWith("HTTP/1.1 200 ").endsWith("handled");
		assertThat(this.handled).hasValue(1);
		assertThat(this.found).containsExactly("forgets to wait UNAWAITED_NEXT");
		assertThat(this.listener.take().results()).containsExactly("forgets to wait PASSED", "inner PASSED");
	}

	@Test
	void waitsForARestThatNobodyAwaitsDeepInAChain() throws Exception {
		for (int i = 0; i < 100; i++) {
			this.chain.middleware("deep" + i, (exchange, next) -> next.filter(exchange).doFinally((signal) -> {
			}));
		}
		this.chain.middleware("forgets to wait",
				(exchange, next) -> Mono.fromRunnable(() -> next.filter(exchange).subscribe()));
		assertThat(get(handler())).startsWith("HTTP/1.1 200 ").endsWith("handled");
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.OK);
		assertThat(this.handled).hasValue(1);
		assertThat(this.found).containsExactly("forgets to wait UNAWAITED_NEXT");
	}

	@Test
	void passesTheErrorOfARestThatNobodyAwaitsOn() throws Exception {
		this.chain.foreign("outer", this::runAndLetTheRestEnd).middleware("forgets to wait", (exchange, next) -> {
			next.filter(exchange).subscribe((done) -> {
			}, (ex) -> {
			});
			return Mono.empty();
		});
		assertThat(get((exchange) -> this.unawaited.asMono().then(Mono.error(new IllegalStateException("handler")))))
			.startsWith("HTTP/1.1 500 ");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(record.results()).containsExactly("forgets to wait PASSED");
	}

	@Test
	void failsARequestWhoseMiddlewareCancelsARestThatItDoesNotAwait() throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		this.chain.foreign("outer", this::runAndLetTheRestEnd).middleware("gives up", (exchange, next) -> {
			next.filter(exchange).takeUntilOther(this.unawaited.asMono()).subscribe();
			return Mono.empty();
		});
		assertThat(get((exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatus.CREATED);
			exchange.getResponse().getHeaders().set("X-Handler", "1");
			return Mono.<Void>never().doOnCancel(cancelled::incrementAndGet);
		})).startsWith("HTTP/1.1 500 ").doesNotContain("X-Handler");
		assertThat(cancelled).hasValue(1);
		assertThat(this.found).containsExactly("gives up UNAWAITED_NEXT");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(record.results()).containsExactly("gives up MISUSED");
	}

	@Test
	void sendsTheAnswerOfAMiddlewareThatCancelsARestThatItDoesNotAwait() throws Exception {
		this.chain.foreign("outer", this::runAndLetTheRestEnd).middleware("gives up", (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			next.filter(exchange).takeUntilOther(this.unawaited.asMono()).subscribe();
			return Mono.empty();
		});
		assertThat(get((exchange) -> Mono.never())).startsWith("HTTP/1.1 202 ");
		assertThat(this.found).containsExactly("gives up UNAWAITED_NEXT");
		assertThat(this.listener.take().results()).containsExactly("gives up PASSED");
	}

	@Test
	void breaksABodyOffThatIsCancelledByAMiddlewareThatDoesNotAwaitIt() throws Exception {
		this.chain.foreign("outer", this::runAndLetTheRestEnd).middleware("gives up", (exchange, next) -> {
			next.filter(exchange).takeUntilOther(this.unawaited.asMono()).subscribe();
			return Mono.empty();
		});
		assertThat(get((exchange) -> exchange.getResponse()
			.writeAndFlushWith(Flux.just(Mono.just(DefaultDataBufferFactory.sharedInstance.wrap("body".getBytes())))
				.concatWith(Flux.never()))))
			.doesNotEndWith("\r\n0\r\n\r\n");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
		assertThat(record.results()).containsExactly("gives up PASSED");
	}

	@Test
	void leavesARequestAloneWhoseRestIsCancelledAfterTheClientHasLeft() throws Exception {
		this.chain.middleware("gives up", (exchange, next) -> {
			next.filter(exchange).takeUntilOther(this.unawaited.asMono()).subscribe();
			return Mono.empty();
		});
		this.chain.build((exchange) -> Mono.never())
			.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
			.subscribe()
			.dispose();
		this.unawaited.tryEmitEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.results()).containsExactly("gives up PASSED");
	}

	@Test
	void cancelsARestThatNobodyAwaitsWithTheRequest() throws Exception {
		TestPublisher<Void> rest = TestPublisher.create();
		this.chain.middleware("forgets to wait", (exchange, next) -> {
			next.filter(exchange).subscribe();
			return Mono.empty();
		});
		Disposable request = this.chain.build((exchange) -> rest.mono())
			.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
			.subscribe();
		rest.assertSubscribers(1);
		request.dispose();
		rest.assertCancelled();
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
	}

	@Test
	void findsNothingInATimeoutThatGivesUp() throws Exception {
		Sinks.Empty<Void> reached = Sinks.empty();
		this.chain.middleware("gives up", (exchange, next) -> next.filter(exchange)
			.timeout(reached.asMono().publishOn(Schedulers.parallel()), Mono.defer(() -> {
				exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
				return exchange.getResponse().setComplete();
			})));
		assertThat(get((exchange) -> Mono.<Void>never().doOnSubscribe((subscription) -> reached.tryEmitEmpty())))
			.startsWith("HTTP/1.1 504 ");
		assertThat(this.found).isEmpty();
		assertThat(this.listener.take().results()).containsExactly("gives up PASSED");
	}

	@Test
	void mixesNoResponsesUpWhereNobodyAwaits() throws Exception {
		this.chain.middleware("forgets to wait", (exchange, next) -> {
			next.filter(exchange).subscribe();
			return Mono.empty();
		});
		try (WireServer server = new WireServer(this.chain.build((exchange) -> {
			String id = exchange.getRequest().getPath().value();
			DataBuffer body = DefaultDataBufferFactory.sharedInstance.wrap(id.getBytes());
			return Mono.delay(Duration.ofMillis(this.handled.getAndIncrement() % 3))
				.then(exchange.getResponse().writeWith(Mono.just(body)));
		}))) {
			for (int i = 0; i < 300; i++) {
				assertThat(server.exchange("GET /request" + i)).endsWith("\r\n\r\n/request" + i);
				assertThat(this.listener.take().result()).isEqualTo(RequestResult.OK);
			}
		}
	}

	@Test
	void letsEverythingGoOnWhereTheGuardDoesNotStepIn() throws Exception {
		this.chain.guard(guard(false)).middleware("classic", (exchange, next) -> {
			if ("/drop".equals(exchange.getRequest().getPath().value())) {
				return Mono.empty();
			}
			return next.filter(exchange).then(next.filter(exchange));
		});
		try (WireServer server = new WireServer(this.chain.build(handler()))) {
			assertThat(server.exchange("GET /twice")).startsWith("HTTP/1.1 200 ").endsWith("handled");
			assertThat(this.listener.take().results()).containsExactly("classic PASSED");
			assertThat(server.exchange("GET /drop")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
			assertThat(this.listener.take().results()).containsExactly("classic ANSWERED");
		}
		assertThat(this.handled).hasValue(2);
		assertThat(this.found).containsExactly("classic REPEATED_NEXT", "classic DROPPED_NEXT");
	}

	@Test
	void guardsWithoutListeners() throws Exception {
		TestChain unobserved = new TestChain().guard(guard(true)).middleware("drops", (exchange, next) -> Mono.empty());
		try (WireServer server = new WireServer(unobserved.build(handler()))) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 500 ");
		}
		assertThat(this.found).containsExactly("drops DROPPED_NEXT");
	}

	private String get(WebHandler handler) throws Exception {
		try (WireServer server = new WireServer(this.chain.build(handler))) {
			return server.exchange("GET /");
		}
	}

	private WebHandler handler() {
		return (exchange) -> {
			this.handled.incrementAndGet();
			return answer(exchange);
		};
	}

	private static Mono<Void> answer(ServerWebExchange exchange) {
		DataBuffer body = DefaultDataBufferFactory.sharedInstance.wrap("handled".getBytes());
		return exchange.getResponse().writeWith(Mono.just(body));
	}

	/**
	 * Let a rest that waits for {@link #unawaited} end, but not before the middleware
	 * that does not await it.
	 */
	private Mono<Void> runAndLetTheRestEnd(ServerWebExchange exchange, WebFilterChain next) {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				next.filter(exchange).subscribe(actual);
				MisuseTests.this.unawaited.tryEmitEmpty();
			}

		};
	}

	private MisuseGuard guard(boolean stepsIn) {
		return (middleware, misuse, request) -> {
			this.found.add(middleware.name() + " " + misuse);
			return stepsIn;
		};
	}

	/**
	 * The ways to answer, which are no misuse.
	 */
	enum Answer {

		STATUS(401) {

			@Override
			Mono<Void> give(ServerWebExchange exchange) {
				exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
				return Mono.empty();
			}

		},

		SET_COMPLETE(200) {

			@Override
			Mono<Void> give(ServerWebExchange exchange) {
				return exchange.getResponse().setComplete();
			}

		},

		BODY(200) {

			@Override
			Mono<Void> give(ServerWebExchange exchange) {
				return answer(exchange);
			}

		},

		PREFLIGHT(200) {

			@Override
			Mono<Void> give(ServerWebExchange exchange) {
				exchange.getResponse().getHeaders().setAccessControlAllowOrigin("*");
				return Mono.empty();
			}

		};

		private final int status;

		Answer(int status) {
			this.status = status;
		}

		abstract Mono<Void> give(ServerWebExchange exchange);

	}

}
