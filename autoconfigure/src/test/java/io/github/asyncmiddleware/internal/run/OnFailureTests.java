package io.github.asyncmiddleware.internal.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.OverloadException;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how a request goes on when a middleware fails before it has handed over.
 */
class OnFailureTests {

	private final RecordingListener listener = new RecordingListener();

	private final List<String> skipped = Collections.synchronizedList(new ArrayList<>());

	private final List<String> misuse = Collections.synchronizedList(new ArrayList<>());

	private final AtomicInteger handled = new AtomicInteger();

	@ParameterizedTest
	@CsvSource({ "throw, FAILED_OPEN", "linkage, FAILED_OPEN", "signal, FAILED_OPEN", "later, FAILED_OPEN",
			"overload, SHED_OPEN", "null, FAILED_OPEN", "drop, FAILED_OPEN" })
	void goesOnWithoutOneThatCanBeSkipped(String failure, String result) throws Exception {
		RecordedRequest record = request(OnFailure.SKIP, failure);
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("outer PASSED", "fails " + result, "inner PASSED");
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
		assertThat(this.handled).hasValue(1);
		assertThat(this.skipped).hasSize(1).first().asString().startsWith("fails REQUEST ");
	}

	@ParameterizedTest
	@CsvSource({ "throw, FAILED, 500", "linkage, FAILED, 500", "signal, FAILED, 500", "later, FAILED, 500",
			"overload, SHED, 503", "null, MISUSED, 500", "drop, MISUSED, 500", "status, FAILED, 402" })
	void failsTheRequestOtherwise(String failure, String result, int status) throws Exception {
		RecordedRequest record = request(OnFailure.FAIL, failure);
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(record.status()).isEqualTo(status);
		assertThat(record.results()).containsExactly("outer PASSED", "fails " + result);
		assertThat(this.handled).hasValue(0);
		assertThat(this.skipped).isEmpty();
	}

	@Test
	void anExceptionThatIsAnAnswerIsNoFailure() throws Exception {
		RecordedRequest record = request(OnFailure.SKIP, "status");
		assertThat(record.status()).isEqualTo(402);
		assertThat(record.results()).containsExactly("outer PASSED", "fails FAILED");
		assertThat(this.handled).hasValue(0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "rest", "after", "timeout" })
	void anErrorAfterHandingOverIsNotSkipped(String when) throws Exception {
		Sinks.Empty<Void> reached = Sinks.empty();
		WebFilter filter = (exchange, next) -> switch (when) {
			case "rest" -> next.filter(exchange);
			case "after" -> next.filter(exchange).then(Mono.error(new IllegalStateException("after")));
			default -> next.filter(exchange).timeout(reached.asMono().publishOn(Schedulers.parallel()));
		};
		HttpHandler handler = chain().middleware("fails", OnFailure.SKIP, MiddlewareCode.of(filter))
			.build((exchange) -> {
				this.handled.incrementAndGet();
				return switch (when) {
					case "rest" -> Mono.error(new IllegalStateException("rest"));
					case "after" -> Mono.fromRunnable(() -> exchange.getResponse().setStatusCode(HttpStatus.OK));
					default -> Mono.<Void>never().doOnSubscribe((subscription) -> reached.tryEmitEmpty());
				};
			});
		try (WireServer server = new WireServer(handler)) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 500 ");
		}
		assertThat(this.listener.take().results())
			.containsExactly(when.equals("rest") ? "fails PASSED" : "fails FAILED");
		assertThat(this.handled).hasValue(1);
		assertThat(this.skipped).isEmpty();
	}

	@Test
	void anErrorAfterTheHeadIsNotSkipped() throws Exception {
		HttpHandler handler = chain().middleware("fails", OnFailure.SKIP,
				MiddlewareCode.of((exchange, next) -> exchange.getResponse()
					.setComplete()
					.then(Mono.error(new IllegalStateException("after the head")))))
			.build(this::handle);
		try (WireServer server = new WireServer(handler)) {
			server.exchange("GET /");
		}
		assertThat(this.listener.take().results()).containsExactly("fails FAILED");
		assertThat(this.handled).hasValue(0);
		assertThat(this.skipped).isEmpty();
	}

	@Test
	void anAnswerThatCannotBeSentIsNotSkipped() throws Exception {
		HttpHandler handler = chain().middleware("refuses", OnFailure.SKIP, MiddlewareCode.of((exchange, next) -> {
			exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("session")));
			exchange.getResponse().setStatusCode(HttpStatus.TOO_MANY_REQUESTS);
			return exchange.getResponse().setComplete();
		})).build(this::handle);
		try (WireServer server = new WireServer(handler)) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 500 ");
		}
		assertThat(this.listener.take().results()).containsExactly("refuses FAILED");
		assertThat(this.handled).hasValue(0);
		assertThat(this.skipped).isEmpty();
	}

	@Test
	void cancellingReachesTheRestThatIsJustBeingStarted() throws Exception {
		Sinks.Empty<Void> failure = Sinks.empty();
		List<Disposable> requests = new ArrayList<>();
		AtomicInteger cancelled = new AtomicInteger();
		HttpHandler handler = chain()
			.middleware("fails", OnFailure.SKIP, MiddlewareCode.of((exchange, next) -> failure.asMono()))
			.build((exchange) -> new Mono<>() {

				@Override
				public void subscribe(CoreSubscriber<? super Void> actual) {
					requests.forEach(Disposable::dispose);
					Mono.<Void>never().doOnCancel(cancelled::incrementAndGet).subscribe(actual);
				}

			});
		requests.add(TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe());
		failure.tryEmitError(new IllegalStateException("fails"));
		assertThat(cancelled).hasValue(1);
		assertThat(this.listener.take().results()).containsExactly("fails FAILED_OPEN");
	}

	@Test
	void oneThatCallsNextAfterItWasSkippedDoesNotRunItAgain() throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		HttpHandler handler = chain().middleware("fails", OnFailure.SKIP, MiddlewareCode.of((exchange, next) -> {
			late.asMono().then(next.filter(exchange)).subscribe();
			return Mono.error(new IllegalStateException("fails"));
		})).build(this::handle);
		TestChain.get(handler, "/");
		late.tryEmitEmpty();
		assertThat(this.listener.take().results()).containsExactly("fails FAILED_OPEN");
		assertThat(this.handled).hasValue(1);
		assertThat(this.misuse).containsExactly("fails REPEATED_NEXT");
	}

	@Test
	void cancellingReachesTheRestBehindOneThatWasSkipped() throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		HttpHandler handler = chain()
			.middleware("fails", OnFailure.SKIP,
					MiddlewareCode.of((exchange, next) -> Mono.error(new IllegalStateException("fails"))))
			.build((exchange) -> Mono.<Void>never().doOnCancel(cancelled::incrementAndGet));
		Disposable request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		request.dispose();
		assertThat(cancelled).hasValue(1);
		assertThat(this.listener.take().results()).containsExactly("fails FAILED_OPEN");
	}

	@Test
	void theContextOfOutsideReachesTheRestBehindOneThatWasSkipped() throws Exception {
		List<String> seen = new ArrayList<>();
		HttpHandler handler = chain()
			.middleware("outer",
					(exchange, next) -> next.filter(exchange).contextWrite((context) -> context.put("key", "value")))
			.middleware("fails", OnFailure.SKIP, failing("signal"))
			.build((exchange) -> Mono.deferContextual((context) -> {
				seen.add(context.get("key"));
				return exchange.getResponse().setComplete();
			}));
		TestChain.get(handler, "/");
		assertThat(seen).containsExactly("value");
	}

	@Test
	void aThousandThatAreSkippedNeedNoMoreStackThanOne() throws Exception {
		TestChain chain = chain();
		String[] failures = { "throw", "signal", "drop" };
		for (int i = 0; i < 1000; i++) {
			chain.middleware("fails" + i, OnFailure.SKIP, failing(failures[i % failures.length]));
		}
		TestChain.get(chain.build(this::handle), "/");
		assertThat(this.listener.take().results()).hasSize(1000).allMatch((result) -> result.endsWith("FAILED_OPEN"));
		assertThat(this.handled).hasValue(1);
	}

	@Test
	void theHandlerIsReachedOnlyIfEveryClosedOneLetItThrough() throws Exception {
		AtomicInteger denied = new AtomicInteger();
		HttpHandler handler = chain().quietErrors()
			.middleware("a", OnFailure.FAIL, randomly(denied))
			.middleware("b", OnFailure.SKIP, randomly(new AtomicInteger()))
			.middleware("c", OnFailure.FAIL, randomly(denied))
			.build(this::handle);
		IntStream.range(0, 5_000).parallel().forEach((i) -> TestChain.get(handler, "/"));
		int passed = 0;
		for (int i = 0; i < 5_000; i++) {
			RecordedRequest record = this.listener.take();
			boolean through = record.results().contains("a PASSED") && record.results().contains("c PASSED");
			passed += through ? 1 : 0;
			assertThat(record.result()).isEqualTo(through ? RequestResult.OK : RequestResult.ERROR_PAGE);
		}
		assertThat(this.handled).hasValue(passed);
		assertThat(denied).hasValue(5_000 - passed);
		assertThat(passed).isBetween(1, 4_999);
	}

	private RecordedRequest request(OnFailure onFailure, String failure) throws Exception {
		HttpHandler handler = chain().middleware("outer", (exchange, next) -> next.filter(exchange))
			.middleware("fails", onFailure, failing(failure))
			.middleware("inner", (exchange, next) -> next.filter(exchange).doFinally((signal) -> {
			}))
			.build(this::handle);
		try (WireServer server = new WireServer(handler)) {
			server.exchange("GET /");
		}
		return this.listener.take();
	}

	private TestChain chain() {
		return new TestChain().listener(this.listener)
			.failures((middleware, part, ex, request) -> this.skipped
				.add(middleware.name() + " " + part + " " + ex.getClass().getSimpleName()))
			.guard((middleware, kind, request) -> {
				this.misuse.add(middleware.name() + " " + kind);
				return true;
			});
	}

	private Mono<Void> handle(ServerWebExchange exchange) {
		this.handled.incrementAndGet();
		return exchange.getResponse().setComplete();
	}

	private static MiddlewareCode randomly(AtomicInteger denied) {
		return MiddlewareCode.of((exchange, next) -> {
			int choice = ThreadLocalRandom.current().nextInt(8);
			if (choice > 3) {
				return next.filter(exchange);
			}
			denied.incrementAndGet();
			return fail(List.of("throw", "signal", "later", "drop").get(choice), exchange, next);
		});
	}

	private static MiddlewareCode failing(String failure) {
		return MiddlewareCode.of((exchange, next) -> fail(failure, exchange, next));
	}

	private static Mono<Void> fail(String failure, ServerWebExchange exchange, WebFilterChain next) {
		return switch (failure) {
			case "throw" -> throw new IllegalStateException("throw");
			case "linkage" -> throw new NoClassDefFoundError("linkage");
			case "signal" -> Mono.error(new IllegalStateException("signal"));
			case "later" -> Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("later")));
			case "overload" -> Mono.error(new OverloadException());
			case "status" -> Mono.error(new ResponseStatusException(HttpStatus.PAYMENT_REQUIRED));
			case "null" -> null;
			case "drop" -> {
				next.filter(exchange);
				yield Mono.empty();
			}
			default -> throw new IllegalArgumentException(failure);
		};
	}

}
