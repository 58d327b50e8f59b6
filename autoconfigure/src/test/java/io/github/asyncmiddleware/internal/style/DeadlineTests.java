package io.github.asyncmiddleware.internal.style;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestDeadlines;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.test.publisher.TestPublisher;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the time that middlewares have for themselves, in every style.
 */
class DeadlineTests {

	private static final Duration TIMEOUT = Duration.ofMillis(200);

	private static final Duration NEARLY = Duration.ofMillis(199);

	private static final Duration REST = Duration.ofMillis(2);

	private static final Duration LONG = Duration.ofHours(1).plusMillis(70);

	private final TestDeadlines deadlines = new TestDeadlines();

	private final RecordingListener listener = new RecordingListener();

	private final List<String> failures = Collections.synchronizedList(new ArrayList<>());

	private final List<String> misuse = Collections.synchronizedList(new ArrayList<>());

	private final AtomicInteger handled = new AtomicInteger();

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	private final ExecutorService executor = Executors.newCachedThreadPool();

	@AfterEach
	void noTimerIsLeftBehind() {
		this.executor.shutdownNow();
		assertThat(this.deadlines.timers()).isZero();
		assertThat(this.misuse).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFilterThatWaitsTooLong(OnFailure onFailure) throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		start(chain().middleware("outer", (exchange, next) -> next.filter(exchange))
			.middleware("slow", onFailure, TIMEOUT, filter((exchange,
					next) -> Mono.<Void>never().doOnCancel(cancelled::incrementAndGet).then(next.filter(exchange)))));
		this.deadlines.advance(NEARLY);
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(REST);
		assertGivenUp(onFailure, "outer PASSED");
		assertThat(cancelled).hasValue(1);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFilterThatDoesNotNoticeThatItWasGivenUp(OnFailure onFailure) throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		AtomicInteger completed = new AtomicInteger();
		start(chain().middleware("slow", onFailure, TIMEOUT, filter((exchange, next) -> Mono.create((sink) -> {
			late.asMono().then(next.filter(exchange)).subscribe(null, sink::error, () -> {
				completed.incrementAndGet();
				sink.success();
			});
		}))));
		this.deadlines.advance(LONG);
		assertGivenUp(onFailure);
		late.tryEmitEmpty();
		assertThat(completed).hasValue(1);
		assertThat(this.handled).hasValue((onFailure == OnFailure.SKIP) ? 1 : 0);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFilterThatThrowsWhenItIsCancelled(OnFailure onFailure) throws Exception {
		List<Throwable> dropped = new ArrayList<>();
		reactor.core.publisher.Hooks.onErrorDropped(dropped::add);
		try {
			RuntimeException failure = new IllegalStateException("cancel");
			start(chain().middleware("slow", onFailure, TIMEOUT,
					filter((exchange, next) -> Mono.create((sink) -> sink.onCancel(() -> {
						throw failure;
					})))));
			this.deadlines.advance(LONG);
			assertGivenUp(onFailure);
			assertThat(dropped).containsExactly(failure);
		}
		finally {
			reactor.core.publisher.Hooks.resetOnErrorDropped();
		}
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFilterThatFailsAfterItWasGivenUp(OnFailure onFailure) throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		List<Throwable> dropped = new ArrayList<>();
		reactor.core.publisher.Hooks.onErrorDropped(dropped::add);
		try {
			start(chain().middleware("slow", onFailure, TIMEOUT,
					filter((exchange, next) -> new UncancellableMono<>(late.asMono()))));
			this.deadlines.advance(LONG);
			assertGivenUp(onFailure);
			late.tryEmitError(new IllegalStateException("late"));
			assertThat(dropped).isEmpty();
		}
		finally {
			reactor.core.publisher.Hooks.resetOnErrorDropped();
		}
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFilterThatThrowsAfterItWasGivenUp(OnFailure onFailure) throws Exception {
		start(chain().middleware("outer", (exchange, next) -> next.filter(exchange).doFinally((signal) -> {
		})).middleware("slow", onFailure, TIMEOUT, filter((exchange, next) -> new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				DeadlineTests.this.deadlines.advance(LONG);
				throw new NoClassDefFoundError("late");
			}

		})));
		assertGivenUp(onFailure, "outer PASSED");
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void oneThatHasGivenUpTheRestAndWaitsTooLong(OnFailure onFailure) throws Exception {
		Sinks.Empty<Void> patience = Sinks.empty();
		start(chain().middleware("slow", onFailure, TIMEOUT, filter(
				(exchange, next) -> Mono.firstWithSignal(next.filter(exchange), patience.asMono()).then(Mono.never()))),
				(exchange) -> Mono.never());
		this.deadlines.advance(LONG);
		patience.tryEmitEmpty();
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(LONG);
		RecordedRequest record = this.listener.take();
		// There is no response that could go out without it
		assertThat(record.status()).isEqualTo(503);
		assertThat(record.results()).containsExactly("slow TIMEOUT");
	}

	@Test
	void oneThatWaitsAfterARunThatWasRefused() throws Exception {
		start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT,
				filter((exchange, next) -> next.filter(exchange).then(next.filter(exchange)).then(Mono.never()))),
				(exchange) -> Mono.empty());
		this.deadlines.advance(LONG);
		assertThat(this.listener.take().results()).containsExactly("slow TIMEOUT");
		assertThat(this.misuse).containsExactly("slow REPEATED_NEXT");
		this.misuse.clear();
	}

	@Test
	void aRunThatIsRefusedDoesNotStartTheClockOfOneThatGoesOn() throws Exception {
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT,
				filter((exchange, next) -> Mono.when(next.filter(exchange), next.filter(exchange)))),
				(exchange) -> handler.asMono());
		assertThat(this.deadlines.timers()).isZero();
		this.deadlines.advance(LONG);
		handler.tryEmitEmpty();
		assertThat(this.listener.take().results()).containsExactly("slow PASSED");
		assertThat(this.misuse).containsExactly("slow REPEATED_NEXT");
		this.misuse.clear();
	}

	@Test
	void afterTheHeadNoTimerIsSet() throws Exception {
		Disposable request = start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT,
				filter((exchange, next) -> next.filter(exchange).then(Mono.never()))));
		assertThat(this.handled).hasValue(1);
		assertThat(this.deadlines.timers()).isZero();
		request.dispose();
		assertThat(this.listener.take().results()).containsExactly("slow PASSED");
	}

	@Test
	void theTimerIsTakenBackWhenItEnds() throws Exception {
		Sinks.Empty<Void> work = Sinks.empty();
		for (Mono<Void> end : List.of(work.asMono(),
				work.asMono().then(Mono.<Void>error(new IllegalStateException())))) {
			start(chain().middleware("ends", OnFailure.FAIL, TIMEOUT, filter((exchange, next) -> {
				exchange.getResponse().setStatusCode(HttpStatus.IM_USED);
				return end.delaySubscription(work.asMono());
			})));
		}
		assertThat(this.deadlines.timers()).isEqualTo(2);
		work.tryEmitEmpty();
		assertThat(this.deadlines.timers()).isZero();
		assertThat(this.listener.take().results()).containsExactly("ends ANSWERED");
		assertThat(this.listener.take().results()).containsExactly("ends FAILED");
	}

	@Test
	void aTimerThatIsSetTooLateIsTakenBack() throws Exception {
		Sinks.Empty<Void> handler = Sinks.empty();
		List<Disposable> requests = new ArrayList<>();
		requests.add(start(
				chain().deadlines(after(() -> requests.forEach(Disposable::dispose)))
					.middleware("slow", OnFailure.FAIL, TIMEOUT,
							filter((exchange, next) -> next.filter(exchange).onErrorResume((ex) -> Mono.never()))),
				(exchange) -> handler.asMono()));
		handler.tryEmitError(new IllegalStateException("rest"));
		assertThat(this.deadlines.set()).isEqualTo(2);
		assertThat(this.deadlines.timers()).isZero();
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
	}

	/**
	 * The thread that has set the timer is held up for longer than that, by classes that
	 * are loaded, say. What renders the error waits for a request that never comes if the
	 * error came before the subscription.
	 */
	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aTimerThatRingsInTheMomentInWhichItIsSet(OnFailure onFailure) throws Exception {
		start(chain().deadlines(after(() -> this.deadlines.advance(TIMEOUT)))
			.exceptionHandler((exchange, ex) -> Mono.just(ex).hide().flatMap(Mono::error))
			.middleware("slow", onFailure, TIMEOUT, filter((exchange, next) -> Mono.never())));
		assertGivenUp(onFailure);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aTimerThatRingsTooEarlyIsSetAgain(OnFailure onFailure) throws Exception {
		start(chain().deadlines(early())
			.middleware("slow", onFailure, TIMEOUT, filter((exchange, next) -> Mono.never())));
		this.deadlines.advance(NEARLY);
		assertThat(this.listener.isEmpty()).isTrue();
		assertThat(this.deadlines.timers()).isEqualTo(1);
		assertThat(this.deadlines.set()).isGreaterThan(5);
		this.deadlines.advance(REST);
		assertGivenUp(onFailure);
	}

	/**
	 * Deadlines that call back after half of the time.
	 */
	private Deadlines early() {
		return new Deadlines() {

			@Override
			public long now() {
				return DeadlineTests.this.deadlines.now();
			}

			@Override
			public Disposable schedule(Runnable task, long delay) {
				return DeadlineTests.this.deadlines.schedule(task, delay / 2);
			}

		};
	}

	@Test
	void aRequestThatIsOverIsNotGoneOnWith() throws Exception {
		HttpHandler handler = chain().middleware("fatal", (exchange, next) -> {
			next.filter(exchange).subscribe();
			throw new StackOverflowError("simulated");
		}).middleware("slow", OnFailure.SKIP, TIMEOUT, filter((exchange, next) -> Mono.never())).build(this::handle);
		assertThatExceptionOfType(StackOverflowError.class)
			.isThrownBy(() -> handler.handle(MockServerHttpRequest.get("/").build(), this.response).subscribe());
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.FATAL);
		this.deadlines.advance(LONG);
		assertThat(this.failures).isEmpty();
		assertThat(this.handled).hasValue(0);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void onlyItsOwnTimeCounts(OnFailure onFailure) throws Exception {
		Sinks.Empty<Void> before = Sinks.empty();
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("slow", onFailure, TIMEOUT,
				filter((exchange, next) -> before.asMono().then(next.filter(exchange)))),
				(exchange) -> handler.asMono().then(exchange.getResponse().setComplete()));
		this.deadlines.advance(NEARLY);
		assertThat(this.deadlines.timers()).isEqualTo(1);
		before.tryEmitEmpty();
		assertThat(this.deadlines.timers()).isZero();
		this.deadlines.advance(LONG);
		handler.tryEmitEmpty();
		assertThat(this.listener.take().results()).containsExactly("slow PASSED");
		assertThat(this.response.getStatusCode()).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "FAIL, native", "SKIP, native", "FAIL, await", "SKIP, await" })
	void aRestThatRunsBeforeTheWorkIsSubscribedToDoesNotCount(OnFailure onFailure, String style) throws Exception {
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("eager", onFailure, TIMEOUT, eager(style, Mono.empty())), (exchange) -> {
			this.handled.incrementAndGet();
			return handler.asMono().then(exchange.getResponse().writeWith(Mono.fromSupplier(() -> buffer("handler"))));
		});
		assertThat(this.deadlines.timers()).isZero();
		this.deadlines.advance(LONG);
		handler.tryEmitEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("eager PASSED");
		assertThat(record.status()).isEqualTo(200);
		assertThat(this.response.getBodyAsString().block()).isEqualTo("handler");
		assertThat(this.handled).hasValue(1);
	}

	/**
	 * The rest ends before there is a clock, or when it stands.
	 */
	@ParameterizedTest
	@CsvSource({ "FAIL, native, before", "SKIP, native, before", "FAIL, await, before", "SKIP, await, before",
			"FAIL, native, later", "SKIP, native, later", "FAIL, await, later", "SKIP, await, later" })
	void whatComesAfterARestThatRunsBeforeTheWorkIsSubscribedToCounts(OnFailure onFailure, String style, String when)
			throws Exception {
		Sinks.Empty<Void> handler = Sinks.empty();
		if (when.equals("before")) {
			handler.tryEmitEmpty();
		}
		start(chain().middleware("eager", onFailure, TIMEOUT, eager(style, Mono.never())),
				(exchange) -> handler.asMono()
					.then(style.equals("await")
							? exchange.getResponse().writeWith(Mono.fromSupplier(() -> buffer("handler")))
							: Mono.empty()));
		if (when.equals("later")) {
			this.deadlines.advance(LONG);
			handler.tryEmitEmpty();
		}
		this.deadlines.advance(NEARLY);
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(REST);
		RecordedRequest record = this.listener.take();
		boolean skipped = onFailure == OnFailure.SKIP;
		assertThat(record.results()).containsExactly(skipped ? "eager TIMEOUT_OPEN" : "eager TIMEOUT");
		assertThat(record.status()).isEqualTo(skipped ? 200 : 503);
	}

	/**
	 * Subscribes to next before anything can subscribe to what it returns.
	 * @param after what it waits for when the rest has ended
	 */
	private static MiddlewareCode eager(String style, Mono<Void> after) {
		return style.equals("native")
				? filter((exchange, next) -> Mono.fromFuture(next.filter(exchange).toFuture()).then(after))
				: await((request, next) -> Mono.fromFuture(next.handle(request).toFuture())
					.delayUntil((live) -> after)
					.cast(ServerResponse.class));
	}

	@Test
	void oneThatHasNothingToWaitForNeedsNoTimer() throws Exception {
		start(chain().middleware("passes", OnFailure.FAIL, TIMEOUT, filter((exchange, next) -> next.filter(exchange)))
			.middleware("awaits", OnFailure.FAIL, TIMEOUT, tail())
			.middleware("hook", OnFailure.FAIL, TIMEOUT, code(new Immediate()))
			.middleware("group", OnFailure.FAIL, TIMEOUT, concurrent(new Immediate()))
			.middleware("group2", OnFailure.FAIL, TIMEOUT, concurrent(new Immediate())));
		assertThat(this.listener.take().results()).hasSize(5).allMatch((result) -> result.endsWith(" PASSED"));
		assertThat(this.deadlines.set()).isZero();
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFilterThatRecoversTooSlowly(OnFailure onFailure) throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		Sinks.Empty<Void> before = Sinks.empty();
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("slow", onFailure, TIMEOUT,
				filter((exchange, next) -> before.asMono()
					.then(next.filter(exchange))
					.onErrorResume((ex) -> Mono.<Void>never().doOnCancel(cancelled::incrementAndGet)))),
				(exchange) -> {
					this.handled.incrementAndGet();
					return handler.asMono();
				});
		this.deadlines.advance(Duration.ofMillis(150));
		before.tryEmitEmpty();
		this.deadlines.advance(LONG);
		handler.tryEmitError(new IllegalStateException("rest"));
		// What is left of its time
		this.deadlines.advance(Duration.ofMillis(49));
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(REST);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
		if (onFailure == OnFailure.FAIL) {
			assertThat(record.status()).isEqualTo(503);
			assertThat(record.results()).containsExactly("slow TIMEOUT");
			assertThat(this.failures).containsExactly("slow unavailable DeadlineException");
		}
		else {
			// The error of the rest goes on as if nobody had caught it
			assertThat(record.status()).isEqualTo(500);
			assertThat(record.results()).containsExactly("slow TIMEOUT_OPEN");
			assertThat(this.failures).containsExactly("slow RESPONSE DeadlineException");
		}
		assertThat(this.handled).hasValue(1);
		assertThat(cancelled).hasValue(1);
	}

	@Test
	void afterTheHeadThereIsNoDeadline() throws Exception {
		Sinks.Many<DataBuffer> body = Sinks.many().unicast().onBackpressureBuffer();
		start(chain().middleware("streams", OnFailure.FAIL, TIMEOUT,
				filter((exchange, next) -> exchange.getResponse().writeWith(body.asFlux()))));
		body.tryEmitNext(buffer("first"));
		this.deadlines.advance(LONG);
		body.tryEmitNext(buffer("last"));
		body.tryEmitComplete();
		assertThat(this.response.getBodyAsString().block()).isEqualTo("firstlast");
		assertThat(this.listener.take().results()).containsExactly("streams ANSWERED");
		assertThat(this.deadlines.timers()).isZero();
	}

	@Test
	void anAnswerThatIsTooSlow() throws Exception {
		start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT,
				filter((exchange, next) -> exchange.getResponse().writeWith(Mono.never()))));
		this.deadlines.advance(LONG);
		assertGivenUp(OnFailure.FAIL);
	}

	@ParameterizedTest
	@ValueSource(strings = { "filter ANSWERED", "function ANSWERED", "replaces PASSED", "hook ANSWERED",
			"fails FAILED_OPEN" })
	void whatOthersDoWithItsAnswerDoesNotCount(String who) throws Exception {
		Sinks.Empty<Void> outer = Sinks.empty();
		Sinks.Empty<Void> hook = Sinks.empty();
		String name = who.substring(0, who.indexOf(' '));
		MiddlewareCode code = switch (name) {
			case "filter" -> filter((exchange, next) -> exchange.getResponse().writeWith(Mono.just(buffer("mine"))));
			case "function" -> await((request, next) -> ServerResponse.ok().bodyValue("mine"));
			case "replaces" ->
				await((request, next) -> next.handle(request).flatMap((live) -> ServerResponse.ok().bodyValue("mine")));
			case "hook" -> code(new Answers());
			default -> filter((exchange, next) -> Mono.error(new IllegalStateException("fails")));
		};
		start(chain().middleware("commit", code(new Commit(hook)))
			.middleware("outer",
					await((request, next) -> next.handle(request)
						.delayUntil((live) -> outer.asMono().materialize())
						.map((live) -> live)))
			.middleware(name, OnFailure.SKIP, TIMEOUT, code),
				(exchange) -> exchange.getResponse().writeWith(Mono.just(buffer("mine"))));
		this.deadlines.advance(LONG);
		outer.tryEmitEmpty();
		this.deadlines.advance(LONG);
		assertThat(this.listener.isEmpty()).isTrue();
		hook.tryEmitEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("commit PASSED", "outer PASSED", who);
		assertThat(this.response.getBodyAsString().block()).isEqualTo("mine");
	}

	@Test
	void whatHooksOfOthersDoBeforeItsAnswerDoesNotCount() throws Exception {
		Sinks.Empty<Void> hook = Sinks.empty();
		start(chain().middleware("commit", code(new Commit(hook)))
			.middleware("answers", OnFailure.FAIL, TIMEOUT,
					filter((exchange, next) -> exchange.getResponse().writeWith(Mono.just(buffer("mine"))))));
		this.deadlines.advance(LONG);
		assertThat(this.listener.isEmpty()).isTrue();
		hook.tryEmitEmpty();
		assertThat(this.listener.take().results()).containsExactly("commit PASSED", "answers ANSWERED");
	}

	@Test
	void itsOwnTimeAfterARefusedAnswerCounts() throws Exception {
		start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT, filter((exchange, next) -> {
			exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("commit")));
			return exchange.getResponse().writeWith(Mono.just(buffer("mine"))).onErrorResume((ex) -> Mono.never());
		})));
		this.deadlines.advance(LONG);
		assertThat(this.listener.take().results()).containsExactly("slow TIMEOUT");
	}

	@Test
	void itsOwnTimeAfterAnAnswerThatIsRefusedBehindADecoratorCounts() throws Exception {
		start(chain()
			.foreign("decorates", (exchange, next) -> next
				.filter(exchange.mutate().response(new ServerHttpResponseDecorator(exchange.getResponse())).build()))
			.middleware("slow", OnFailure.FAIL, TIMEOUT, filter((exchange, next) -> {
				exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("commit")));
				return exchange.getResponse().writeWith(Mono.just(buffer("mine"))).onErrorResume((ex) -> Mono.never());
			})));
		this.deadlines.advance(LONG);
		assertThat(this.listener.take().results()).containsExactly("slow TIMEOUT");
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFunctionThatWaitsTooLong(OnFailure onFailure) throws Exception {
		start(chain().middleware("slow", onFailure, TIMEOUT,
				await((request, next) -> Mono.never().then(next.handle(request)).map((response) -> response))));
		this.deadlines.advance(LONG);
		assertGivenUp(onFailure);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFunctionThatHoldsTheResponseForTooLong(OnFailure onFailure) throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("outer", await((request, next) -> next.handle(request).map((response) -> {
			response.headers().set("X-Outer", String.valueOf(response.statusCode().value()));
			return response;
		})))
			.middleware("slow", onFailure, TIMEOUT,
					await((request, next) -> next.handle(request)
						.delayUntil((response) -> Mono.never().doOnCancel(cancelled::incrementAndGet))
						.map((response) -> {
							response.headers().set("X-Slow", "late");
							return response;
						}))),
				(exchange) -> handler.asMono()
					.then(exchange.getResponse().writeWith(Mono.fromSupplier(() -> buffer("handler")))));
		this.deadlines.advance(LONG);
		handler.tryEmitEmpty();
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(LONG);
		RecordedRequest record = this.listener.take();
		if (onFailure == OnFailure.FAIL) {
			assertThat(record.status()).isEqualTo(503);
			assertThat(record.results()).containsExactly("outer PASSED", "slow TIMEOUT");
			assertThat(this.failures).containsExactly("slow unavailable DeadlineException");
		}
		else {
			assertThat(record.result()).isEqualTo(RequestResult.OK);
			assertThat(record.results()).containsExactly("outer PASSED", "slow TIMEOUT_OPEN");
			assertThat(this.response.getHeaders().getFirst("X-Outer")).isEqualTo("200");
			assertThat(this.response.getBodyAsString().block()).isEqualTo("handler");
			assertThat(this.failures).containsExactly("slow RESPONSE DeadlineException");
		}
		assertThat(this.response.getHeaders().containsHeader("X-Slow")).isFalse();
		assertThat(cancelled).hasValue(1);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFunctionThatDoesNotNoticeThatItWasGivenUp(OnFailure onFailure) throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		Sinks.One<LiveResponse> seen = Sinks.one();
		start(chain().middleware("slow", onFailure, TIMEOUT,
				await((request,
						next) -> Mono.create((sink) -> late.asMono()
							.then(next.handle(request))
							.doOnNext(seen::tryEmitValue)
							.subscribe(sink::success, sink::error, sink::success)))));
		this.deadlines.advance(LONG);
		assertGivenUp(onFailure);
		late.tryEmitEmpty();
		assertThat(this.handled).hasValue((onFailure == OnFailure.SKIP) ? 1 : 0);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFunctionThatAnswersAfterItWasGivenUp(OnFailure onFailure) throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("slow", onFailure, TIMEOUT, await((request, next) -> new UncancellableMono<>(
				late.asMono().then(ServerResponse.status(HttpStatus.IM_USED).build())))), (exchange) -> {
					this.handled.incrementAndGet();
					return handler.asMono().then(exchange.getResponse().setComplete());
				});
		this.deadlines.advance(LONG);
		late.tryEmitEmpty();
		handler.tryEmitEmpty();
		assertGivenUp(onFailure);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aFunctionWhoseTimeIsOverInTheMomentInWhichTheResponseComes(OnFailure onFailure) throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		Deadlines fast = after(() -> {
			if (this.deadlines.set() == 2) {
				this.deadlines.advance(LONG);
			}
		});
		start(chain().deadlines(fast)
			.middleware("slow", onFailure, TIMEOUT, await((request,
					next) -> next.handle(request).doOnCancel(cancelled::incrementAndGet).map((response) -> response))),
				(exchange) -> {
					exchange.getResponse().getHeaders().setContentLength(7);
					return exchange.getResponse().writeWith(Mono.fromSupplier(() -> buffer("handler")));
				});
		RecordedRequest record = this.listener.take();
		boolean skipped = onFailure == OnFailure.SKIP;
		assertThat(record.results()).containsExactly(skipped ? "slow TIMEOUT_OPEN" : "slow TIMEOUT");
		assertThat(record.status()).isEqualTo(skipped ? 200 : 503);
		assertThat(this.response.getHeaders().getContentLength()).isEqualTo(skipped ? 7 : -1);
		assertThat(cancelled).hasValue(1);
	}

	/**
	 * The answer in its place waits for one further out, and can still be changed by
	 * that.
	 */
	@Test
	void aFunctionThatChangesTheResponseAfterItWasGivenUp() throws Exception {
		AtomicReference<LiveResponse> given = new AtomicReference<>();
		AtomicReference<Throwable> refused = new AtomicReference<>();
		start(chain().middleware("outer",
				await((request, next) -> next.handle(request).cast(ServerResponse.class).doOnNext((response) -> {
					LiveResponse late = given.get();
					late.headers().set("X-Late", "yes");
					late.cookies().add("late", ResponseCookie.from("late", "yes").build());
					try {
						late.setStatusCode(HttpStatus.OK);
					}
					catch (IllegalStateException ex) {
						refused.set(ex);
					}
					((LiveResponse) response).headers().set("X-Outer", "yes");
				})))
			.foreign("page", (exchange, next) -> next.filter(exchange).onErrorResume((ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.SERVICE_UNAVAILABLE);
				return exchange.getResponse().setComplete();
			}))
			.middleware("slow", OnFailure.FAIL, TIMEOUT, await(
					(request, next) -> next.handle(request).doOnNext(given::set).flatMap((response) -> Mono.never()))));
		this.deadlines.advance(LONG);
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("outer PASSED", "slow TIMEOUT");
		assertThat(record.status()).isEqualTo(503);
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
		assertThat(this.response.getHeaders().containsHeader("X-Late")).isFalse();
		assertThat(this.response.getCookies()).isEmpty();
		assertThat(this.response.getHeaders().getFirst("X-Outer")).isEqualTo("yes");
		assertThat(refused.get()).isInstanceOf(IllegalStateException.class);
	}

	@Test
	void aFunctionThatLosesTheResponseAfterItWasGivenUp() throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT, await((request,
				next) -> new UncancellableMono<>(next.handle(request).then(late.asMono()).then(Mono.empty())))));
		this.deadlines.advance(LONG);
		assertThat(this.listener.take().results()).containsExactly("slow TIMEOUT");
		late.tryEmitEmpty();
		assertThat(this.misuse).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aHookThatWaitsTooLong(OnFailure onFailure) throws Exception {
		start(chain().middleware("slow", onFailure, TIMEOUT, code(new Never())));
		this.deadlines.advance(LONG);
		assertGivenUp(onFailure);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aHookThatAnswersAfterItWasGivenUp(OnFailure onFailure) throws Exception {
		Late hook = new Late();
		Sinks.Empty<Void> handler = Sinks.empty();
		start(chain().middleware("slow", onFailure, TIMEOUT, code(hook)), (exchange) -> {
			this.handled.incrementAndGet();
			return handler.asMono().then(exchange.getResponse().setComplete());
		});
		this.deadlines.advance(LONG);
		hook.late.tryEmitEmpty();
		handler.tryEmitEmpty();
		assertGivenUp(onFailure);
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aHookThatBlocksForTooLongIsInterrupted(OnFailure onFailure) throws Exception {
		Blocking hook = new Blocking();
		start(chain().middleware("slow", onFailure, TIMEOUT, code(hook)));
		assertThat(hook.started.await(10, TimeUnit.SECONDS)).isTrue();
		this.deadlines.advance(LONG);
		assertGivenUp(onFailure);
		assertThat(hook.interrupted.await(10, TimeUnit.SECONDS)).isTrue();
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aMemberOfAGroupThatWaitsTooLong(OnFailure onFailure) throws Exception {
		start(chain().middleware("outer", concurrent(new Immediate()))
			.middleware("slow", onFailure, TIMEOUT, concurrent(new Never())));
		this.deadlines.advance(LONG);
		assertGivenUp(onFailure, "outer PASSED");
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void aResponseHookThatWaitsTooLong(OnFailure onFailure) throws Exception {
		start(chain().middleware("stamp", code(new Stamp()))
			.middleware("slow", onFailure, TIMEOUT, code(new NeverBeforeHead())));
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(LONG);
		assertThat(this.listener.take().results()).containsExactly("stamp PASSED", "slow TIMEOUT_OPEN");
		assertThat(this.response.getHeaders().getFirst("X-Stamp")).isEqualTo("yes");
		assertThat(this.failures).containsExactly("slow RESPONSE DeadlineException");
	}

	@Test
	void aResponseHookHasWhatTheOtherOneHasLeft() throws Exception {
		Both hook = new Both();
		start(chain().middleware("slow", OnFailure.FAIL, TIMEOUT, code(hook)));
		this.deadlines.advance(Duration.ofMillis(150));
		hook.before.tryEmitEmpty();
		this.deadlines.advance(Duration.ofMillis(49));
		assertThat(this.listener.isEmpty()).isTrue();
		this.deadlines.advance(REST);
		assertThat(this.listener.take().results()).containsExactly("slow TIMEOUT_OPEN");
	}

	@Test
	void aClientThatLeavesTakesTheTimerWithIt() throws Exception {
		List<MiddlewareCode> codes = List.of(filter((exchange, next) -> Mono.never()),
				await((request, next) -> Mono.never()), code(new Never()), concurrent(new Never()));
		for (MiddlewareCode code : codes) {
			Disposable request = start(chain().middleware("slow", OnFailure.SKIP, TIMEOUT, code)
				.middleware("neighbour", OnFailure.SKIP, TIMEOUT, code));
			assertThat(this.deadlines.timers()).isPositive();
			request.dispose();
			assertThat(this.deadlines.timers()).isZero();
			assertThat(this.listener.take().results()).isNotEmpty().allMatch((result) -> result.endsWith(" CANCELLED"));
		}
	}

	@Test
	void eachOfAThousandHasItsOwn() throws Exception {
		TestChain chain = chain();
		for (int i = 0; i < 1000; i++) {
			chain.middleware("slow" + i, OnFailure.SKIP, TIMEOUT, filter((exchange, next) -> Mono.never()));
		}
		start(chain);
		this.deadlines.advance(LONG);
		assertThat(this.listener.take().results()).hasSize(1000).allMatch((result) -> result.endsWith("TIMEOUT_OPEN"));
		assertThat(this.handled).hasValue(1);
	}

	@Test
	void waitingForTheClientDoesNotCount() throws Exception {
		CountDownLatch asked = new CountDownLatch(1);
		CountDownLatch read = new CountDownLatch(1);
		HttpHandler handler = chain().middleware("outer", (exchange, next) -> new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				next.filter(exchange).subscribe(actual);
				asked.countDown();
			}

		}).middleware("slow", OnFailure.SKIP, TIMEOUT, filter((exchange, next) -> {
			Mono<Void> body = DataBufferUtils.join(exchange.getRequest().getBody())
				.doOnNext(DataBufferUtils::release)
				.then();
			return body.doOnSuccess((none) -> read.countDown()).then(Mono.never());
		})).build(this::handle);
		try (WireServer server = new WireServer(handler); Socket socket = server.open()) {
			WireServer.send(socket, "POST /", "Content-Length: 10", "Connection: close");
			assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
			this.deadlines.advance(LONG);
			assertThat(this.handled).hasValue(0);
			for (int i = 0; i < 10; i++) {
				socket.getOutputStream().write('x');
				socket.getOutputStream().flush();
			}
			assertThat(read.await(10, TimeUnit.SECONDS)).isTrue();
			this.deadlines.advance(NEARLY);
			assertThat(this.handled).hasValue(0);
			this.deadlines.advance(REST);
			assertThat(WireServer.readAll(socket)).startsWith("HTTP/1.1 200 ");
		}
		assertGivenUp(OnFailure.SKIP, "outer PASSED");
	}

	@Test
	void waitingForTheClientBeforeItsTurnIsNoCredit() throws Exception {
		TestPublisher<DataBuffer> body = TestPublisher.create();
		chain().middleware("reads", (exchange, next) -> exchange.getRequest().getBody().then(next.filter(exchange)))
			.middleware("slow", OnFailure.SKIP, TIMEOUT, filter((exchange, next) -> Mono.never()))
			.build(this::handle)
			.handle(MockServerHttpRequest.post("/").body(body.flux()), this.response)
			.subscribe();
		this.deadlines.advance(LONG);
		body.complete();
		this.deadlines.advance(NEARLY);
		assertThat(this.handled).hasValue(0);
		this.deadlines.advance(REST);
		assertGivenUp(OnFailure.SKIP, "reads PASSED");
	}

	@Test
	void oneThatIsLateIsNotGivenUpWhileItWaitsForTheClient() throws Exception {
		TestPublisher<DataBuffer> body = TestPublisher.create();
		Sinks.Empty<Void> before = Sinks.empty();
		chain()
			.middleware("slow", OnFailure.SKIP, Duration.ofNanos(500_000), filter(
					(exchange, next) -> before.asMono().thenMany(exchange.getRequest().getBody()).then(Mono.never())))
			.build(this::handle)
			.handle(MockServerHttpRequest.post("/").body(body.flux()), this.response)
			.subscribe();
		// Past its time, but before a timer can have noticed
		this.deadlines.advance(Duration.ofNanos(900_000));
		before.tryEmitEmpty();
		this.deadlines.advance(Duration.ofSeconds(1));
		assertThat(this.handled).hasValue(0);
		body.complete();
		this.deadlines.advance(REST);
		assertGivenUp(OnFailure.SKIP);
	}

	@Test
	void theFirstSignalDecides() throws Exception {
		int requests = 3_000;
		try (DeadlineWheel wheel = new DeadlineWheel()) {
			HttpHandler handler = chain().deadlines(wheel)
				.quietErrors()
				.middleware("closed", OnFailure.FAIL, Duration.ofMillis(10), filter(this::aboutAsLong))
				.middleware("open", OnFailure.SKIP, Duration.ofMillis(10), filter(this::aboutAsLong))
				.middleware("awaits", OnFailure.SKIP, Duration.ofMillis(10), await((request, next) -> {
					Mono<LiveResponse> response = next.handle(request);
					return Mono.delay(around())
						.then(response)
						.delayUntil((live) -> Mono.delay(around()))
						.map((live) -> live);
				}))
				.build(this::handle);
			Flux.range(0, requests)
				.flatMap((i) -> handler.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse()),
						200)
				.blockLast(Duration.ofMinutes(1));
			int through = 0;
			List<MiddlewareResult> results = new ArrayList<>();
			for (int i = 0; i < requests; i++) {
				RecordedRequest record = this.listener.take();
				boolean closed = record.steps().get(0).result() == MiddlewareResult.TIMEOUT;
				through += closed ? 0 : 1;
				assertThat(record.result()).isEqualTo(closed ? RequestResult.ERROR_PAGE : RequestResult.OK);
				assertThat(record.steps()).hasSize(closed ? 1 : 3);
				record.steps().forEach((step) -> results.add(step.result()));
			}
			assertThat(this.handled).hasValue(through);
			assertThat(results)
				.contains(MiddlewareResult.PASSED, MiddlewareResult.TIMEOUT, MiddlewareResult.TIMEOUT_OPEN)
				.doesNotContain(MiddlewareResult.FAILED, MiddlewareResult.CANCELLED, MiddlewareResult.MISUSED);
			Awaitility.await().untilAsserted(() -> assertThat(wheel.timers()).isZero());
		}
	}

	private Mono<Void> aboutAsLong(ServerWebExchange exchange, WebFilterChain next) {
		return Mono.delay(around()).then(next.filter(exchange));
	}

	/** From a bit less to a bit more than the deadline and the ticks of the wheel. */
	private static Duration around() {
		return Duration.ofNanos(ThreadLocalRandom.current().nextLong(6_000_000, 18_000_000));
	}

	private void assertGivenUp(OnFailure onFailure, String... others) throws InterruptedException {
		RecordedRequest record = this.listener.take();
		boolean skipped = onFailure == OnFailure.SKIP;
		List<String> results = new ArrayList<>(List.of(others));
		results.add("slow " + (skipped ? "TIMEOUT_OPEN" : "TIMEOUT"));
		assertThat(record.results()).isEqualTo(results);
		assertThat(record.result()).isEqualTo(skipped ? RequestResult.OK : RequestResult.ERROR_PAGE);
		assertThat(record.status()).isEqualTo(skipped ? 200 : 503);
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
		assertThat(this.handled).hasValue(skipped ? 1 : 0);
		assertThat(this.failures).hasSize(1)
			.first()
			.asString()
			.endsWith(skipped ? " REQUEST DeadlineException" : " unavailable DeadlineException");
	}

	private Disposable start(TestChain chain) {
		return start(chain, this::handle);
	}

	private Disposable start(TestChain chain, WebHandler handler) {
		return chain.build(handler).handle(MockServerHttpRequest.get("/").build(), this.response).subscribe((none) -> {
		}, (ex) -> {
		});
	}

	/**
	 * The same deadlines, with something that happens whenever a timer has been set.
	 */
	private Deadlines after(Runnable action) {
		return new Deadlines() {

			@Override
			public long now() {
				return DeadlineTests.this.deadlines.now();
			}

			@Override
			public Disposable schedule(Runnable task, long delay) {
				Disposable timer = DeadlineTests.this.deadlines.schedule(task, delay);
				action.run();
				return timer;
			}

		};
	}

	private TestChain chain() {
		return new TestChain().listener(this.listener)
			.deadlines(this.deadlines)
			.guard((middleware, misuse, request) -> {
				this.misuse.add(middleware.name() + " " + misuse);
				return true;
			})
			.failures(new FailureLog() {

				@Override
				public void skipped(Middleware middleware, Part part, Throwable failure,
						@Nullable LoggedRequest request) {
					DeadlineTests.this.failures
						.add(middleware.name() + " " + part + " " + failure.getClass().getSimpleName());
				}

				@Override
				public void unavailable(Middleware middleware, UnavailableException failure,
						@Nullable LoggedRequest request) {
					DeadlineTests.this.failures
						.add(middleware.name() + " unavailable " + failure.getClass().getSimpleName());
				}

			});
	}

	private Mono<Void> handle(ServerWebExchange exchange) {
		this.handled.incrementAndGet();
		return exchange.getResponse().setComplete();
	}

	private static DataBuffer buffer(String text) {
		return new DefaultDataBufferFactory().wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	private static MiddlewareCode filter(WebFilter filter) {
		return MiddlewareCode.of(filter);
	}

	private static MiddlewareCode await(HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		return new AwaitFilter(function, List::of, () -> AwaitFilterTests.CONTEXT).toCode();
	}

	/**
	 * Returns what next gives it.
	 */
	@SuppressWarnings("unchecked")
	private static MiddlewareCode tail() {
		return await((request, next) -> (Mono<ServerResponse>) (Mono<?>) next.handle(request));
	}

	private MiddlewareCode code(Object bean) {
		return code(bean, false);
	}

	private MiddlewareCode concurrent(Object bean) {
		return code(bean, true);
	}

	private MiddlewareCode code(Object bean, boolean concurrent) {
		Offloader offloader = new Offloader(this.executor, 16, 16);
		return HookCodes.of(bean, concurrent, () -> offloader);
	}

	static class Immediate {

		@OnRequest(blocking = false)
		void nothing() {
		}

	}

	static class Never {

		@OnRequest
		Mono<Void> never() {
			return Mono.never();
		}

	}

	static class Late {

		final Sinks.Empty<Void> late = Sinks.empty();

		@OnRequest
		Mono<ServerResponse> answer() {
			return new UncancellableMono<>(this.late.asMono().then(ServerResponse.status(HttpStatus.IM_USED).build()));
		}

	}

	static class Answers {

		@OnRequest
		Mono<ServerResponse> answer() {
			return ServerResponse.ok().bodyValue("mine");
		}

	}

	static class Commit {

		private final Sinks.Empty<Void> done;

		Commit(Sinks.Empty<Void> done) {
			this.done = done;
		}

		@OnResponse
		Mono<Void> waitBeforeHead() {
			return this.done.asMono();
		}

	}

	static class Blocking {

		final CountDownLatch started = new CountDownLatch(1);

		final CountDownLatch interrupted = new CountDownLatch(1);

		@OnRequest
		void block() throws InterruptedException {
			this.started.countDown();
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				this.interrupted.countDown();
				throw ex;
			}
		}

	}

	static class Stamp {

		@OnResponse
		void stamp(ServerWebExchange exchange) {
			exchange.getResponse().getHeaders().set("X-Stamp", "yes");
		}

	}

	static class NeverBeforeHead {

		@OnResponse
		Mono<Void> never() {
			return Mono.never();
		}

	}

	static class Both {

		final Sinks.Empty<Void> before = Sinks.empty();

		@OnRequest
		Mono<Void> before() {
			return this.before.asMono();
		}

		@OnResponse
		Mono<Void> never() {
			return Mono.never();
		}

	}

	/**
	 * Goes on after it was cancelled, as much that is not made of operators does.
	 */
	static final class UncancellableMono<T> extends Mono<T> {

		private final Mono<T> source;

		UncancellableMono(Mono<T> source) {
			this.source = source;
		}

		@Override
		public void subscribe(CoreSubscriber<? super T> actual) {
			actual.onSubscribe(Operators.emptySubscription());
			this.source.subscribe(actual::onNext, actual::onError, actual::onComplete);
		}

	}

}
