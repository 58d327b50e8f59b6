package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireApplication;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link AwaitFilter}, over sockets.
 */
@TestInstance(Lifecycle.PER_CLASS)
class AwaitFilterTests {

	private static final HandlerStrategies STRATEGIES = HandlerStrategies.withDefaults();

	static final ServerResponse.Context CONTEXT = new ServerResponse.Context() {

		@Override
		public List<HttpMessageWriter<?>> messageWriters() {
			return STRATEGIES.messageWriters();
		}

		@Override
		public List<org.springframework.web.reactive.result.view.ViewResolver> viewResolvers() {
			return List.of();
		}

	};

	private RecordingListener listener = new RecordingListener();

	private final List<String> misuse = Collections.synchronizedList(new ArrayList<>());

	private WireApplication application;

	private Path file;

	@BeforeAll
	void start(@TempDir Path directory) throws IOException {
		this.file = directory.resolve("file.txt");
		Files.writeString(this.file, "0123456789".repeat(5_000));
		this.application = new WireApplication(this.file);
	}

	@AfterAll
	void stop() {
		this.application.close();
	}

	@BeforeEach
	void forget() {
		this.listener = new RecordingListener();
		this.misuse.clear();
	}

	@ParameterizedTest
	@CsvSource({ "GET /mono, 200", "GET /flux, 200", "GET /sse, 200", "GET /empty, 200", "GET /no-content, 204",
			"GET /not-modified, 304", "GET /redirect, 302", "GET /file, 200", "GET /advice, 418", "HEAD /mono, 200",
			"HEAD /flux, 200", "HEAD /sse, 200", "HEAD /file, 200", "HEAD /no-content, 204", "OPTIONS /mono, 200",
			"GET /commit-action, 200", "GET /eager, 200", "GET /other-thread, 200" })
	void headersCanBeSetByStatusWhateverTheResponse(String requestLine, int status) throws Exception {
		TestChain chain = chain().middleware("header", after(AwaitFilterTests::statusHeader));
		String response = exchange(chain, requestLine);
		assertThat(response).startsWith("HTTP/1.1 " + status + " ");
		assertThat(response).contains("\r\nx-status: " + status + "\r\n");
		assertThat(withoutHeader(response)).isEqualTo(exchangeBare(requestLine));
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.status()).isEqualTo(status);
		assertThat(record.results()).containsExactly("header PASSED");
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /mono", "GET /flux", "GET /sse", "GET /file", "HEAD /mono", "GET /no-content" })
	void oneThatWaitsAfterTheResponseKeepsTheBody(String requestLine) throws Exception {
		TestChain chain = chain().middleware("slow", await((request,
				next) -> next.handle(request).delayElement(Duration.ofMillis(5)).map(AwaitFilterTests::statusHeader)));
		assertThat(withoutHeader(exchange(chain, requestLine))).isEqualTo(exchangeBare(requestLine));
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("slow PASSED");
		assertThat(record.steps().get(0).own()).isGreaterThanOrEqualTo(Duration.ofMillis(5).toNanos());
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /mono", "GET /flux", "GET /no-content" })
	void aResponseThatItHoldsIsCommittedForThoseFurtherIn(String requestLine) throws Exception {
		List<Boolean> changes = Collections.synchronizedList(new ArrayList<>());
		TestChain chain = chain()
			.middleware("slow",
					await((request, next) -> next.handle(request)
						.delayElement(Duration.ofMillis(5))
						.map(AwaitFilterTests::statusHeader)))
			.foreign("changes", (exchange, next) -> next.filter(exchange).then(Mono.defer(() -> {
				changes.add(exchange.getResponse().isCommitted());
				changes.add(!exchange.getResponse().setStatusCode(HttpStatus.NOT_FOUND));
				return Mono.empty();
			})))
			.foreign("answers", (exchange, next) -> next.filter(exchange).then(Mono.defer(() -> {
				if (exchange.getResponse().isCommitted()) {
					return Mono.empty();
				}
				exchange.getResponse().setStatusCode(HttpStatus.NOT_FOUND);
				return exchange.getResponse().setComplete();
			})));
		assertThat(withoutHeader(exchange(chain, requestLine))).isEqualTo(exchangeBare(requestLine));
		assertThat(changes).containsExactly(true, true);
	}

	@Test
	void theResponseReachesTheInnerOneFirst() throws Exception {
		List<String> order = Collections.synchronizedList(new ArrayList<>());
		TestChain chain = chain().middleware("a", await(tracing("a", order)))
			.middleware("native", (exchange, next) -> next.filter(exchange).doOnTerminate(() -> order.add("native")))
			.middleware("b", await(tracing("b", order)))
			.foreign("foreign", (exchange, next) -> next.filter(exchange))
			.middleware("c", await(tracing("c", order)));
		exchange(chain, "GET /mono");
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "native PASSED", "b PASSED", "c PASSED");
		assertThat(order).containsExactly("a in", "b in", "c in", "c out", "b out", "a out", "native");
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /mono", "GET /flux", "GET /sse", "GET /file", "HEAD /mono", "GET /no-content",
			"GET /redirect", "GET /endless-flux", "GET /endless-sse", "GET /endless-group" })
	void anotherResponseReplacesTheFirst(String requestLine) throws Exception {
		TestChain chain = chain().middleware("outer", after(AwaitFilterTests::statusHeader))
			.middleware("replaces",
					await((request, next) -> next.handle(request)
						.flatMap((response) -> ServerResponse.status(HttpStatus.ACCEPTED)
							.header("X-Mine", "yes")
							.bodyValue("replaced"))));
		String response = exchange(chain, requestLine);
		assertThat(response).startsWith("HTTP/1.1 202 Accepted\r\n")
			.contains("\r\nX-Mine: yes\r\n", "x-status: 202\r\n");
		assertThat(response).doesNotContain("X-Extra", "Location", "Content-Disposition");
		assertThat(response).contains("ontent-Length: 8\r\n")
			.endsWith("\r\n\r\n" + (requestLine.startsWith("HEAD") ? "" : "replaced"));
		assertThat(this.listener.take().results()).containsExactly("outer PASSED", "replaces PASSED");
	}

	@Test
	void whatIsNotSentIsReleased() throws Exception {
		List<DataBuffer> buffers = Collections.synchronizedList(new ArrayList<>());
		WebHandler handler = (exchange) -> {
			DataBuffer buffer = exchange.getResponse().bufferFactory().allocateBuffer(16);
			buffer.write("unsent".getBytes());
			buffers.add(buffer);
			return switch (exchange.getRequest().getPath().value()) {
				case "/mono" -> exchange.getResponse().writeWith(Mono.just(buffer));
				case "/flux" -> exchange.getResponse().writeWith(Flux.just(buffer));
				default -> exchange.getResponse().writeAndFlushWith(Flux.just(Mono.just(buffer)));
			};
		};
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("replaces", await(
					(request, next) -> next.handle(request).flatMap((response) -> ServerResponse.noContent().build())))
			.handler(handler);
		try (WireServer server = new WireServer(chain.build())) {
			for (String path : List.of("/mono", "/flux", "/groups")) {
				assertThat(server.exchange("GET " + path)).startsWith("HTTP/1.1 204 ");
				this.listener.take();
			}
		}
		assertThat(buffers).hasSize(3).allSatisfy((buffer) -> assertThat(DataBufferUtils.release(buffer)).isFalse());
	}

	@Test
	void headersSetBeforeTheRestOfTheChainStayWhenItsResponseIsReplaced() throws Exception {
		TestChain chain = chain().middleware("before", (exchange, next) -> {
			exchange.getResponse().getHeaders().set("X-Before", "yes");
			exchange.getResponse().addCookie(ResponseCookie.from("before", "1").build());
			return next.filter(exchange);
		}).middleware("replaces", await((request, next) -> next.handle(request).flatMap((response) -> {
			response.cookies().add("gone", ResponseCookie.from("gone", "1").build());
			return ServerResponse.ok().bodyValue("replaced");
		})));
		String response = exchange(chain, "GET /no-content");
		assertThat(response).contains("X-Before: yes\r\n", "before=1").doesNotContain("X-Extra", "gone");
		this.listener.take();
	}

	@Test
	void aResponseWithoutNextIsTheAnswer() throws Exception {
		AtomicInteger handled = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("outer", after(AwaitFilterTests::statusHeader))
			.middleware("answers", await((request, next) -> ServerResponse.status(401).bodyValue("no")))
			.middleware("inner", (exchange, next) -> next.filter(exchange))
			.handler((exchange) -> Mono.fromRunnable(handled::incrementAndGet));
		String response = exchange(chain, "GET /");
		assertThat(response).startsWith("HTTP/1.1 401 ").contains("x-status: 401\r\n").endsWith("\r\n\r\nno");
		assertThat(this.listener.take().results()).containsExactly("outer PASSED", "answers ANSWERED");
		assertThat(handled).hasValue(0);
	}

	@Test
	void statusAndCookiesCanBeChangedAndTheBodyStays() throws Exception {
		TestChain chain = chain().middleware("changes",
				await((request, next) -> next.handle(request).map((response) -> {
					response.setStatusCode(HttpStatus.CREATED);
					response.cookies().add("seen", ResponseCookie.from("seen", "1").build());
					return response;
				})));
		String response = exchange(chain, "GET /mono");
		assertThat(response).startsWith("HTTP/1.1 201 Created\r\n").contains("seen=1").endsWith("\r\n\r\nmono");
		assertThat(this.listener.take().status()).isEqualTo(201);
	}

	@Test
	void theRestSeesTheRequestThatNextIsGiven() throws Exception {
		TestChain chain = new TestChain().listener(this.listener).middleware("changes", await((request, next) -> {
			ServerWebExchange exchange = request.exchange()
				.mutate()
				.request((builder) -> builder.header("X-Tenant", "acme"))
				.build();
			return next.handle(ServerRequest.create(exchange, request.messageReaders())).cast(ServerResponse.class);
		}))
			.handler((exchange) -> exchange.getResponse()
				.writeWith(Mono.just(exchange.getResponse()
					.bufferFactory()
					.wrap(exchange.getRequest().getHeaders().getFirst("X-Tenant").getBytes()))));
		assertThat(exchange(chain, "GET /")).endsWith("\r\n\r\nacme");
		assertThat(this.listener.take().results()).containsExactly("changes PASSED");
	}

	@Test
	void errorsOfTheRestAreErrorSignals() throws Exception {
		TestChain chain = chain()
			.middleware("outer",
					await((request, next) -> next.handle(request)
						.cast(ServerResponse.class)
						.onErrorResume((ex) -> ServerResponse.status(503).bodyValue(ex.getMessage()))))
			.middleware("inner", await((request, next) -> next.handle(request).map(AwaitFilterTests::statusHeader)));
		assertThat(exchange(chain, "GET /fails")).startsWith("HTTP/1.1 503 ").endsWith("\r\n\r\nfails");
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("outer PASSED", "inner PASSED");
		assertThat(record.result()).isEqualTo(RequestResult.OK);
	}

	@Test
	void anErrorPageOutsideIsNotSeen() throws Exception {
		TestChain chain = chain().middleware("header", after(AwaitFilterTests::statusHeader));
		assertThat(exchange(chain, "GET /fails")).startsWith("HTTP/1.1 500 ").doesNotContain("x-status");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(record.results()).containsExactly("header PASSED");
	}

	@Test
	void anErrorBeforeTheFirstElementIsAnErrorSignal() throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("recovers",
					await((request, next) -> next.handle(request)
						.cast(ServerResponse.class)
						.onErrorResume((ex) -> ServerResponse.accepted().build())))
			.handler((exchange) -> exchange.getResponse().writeWith(Flux.error(new IllegalStateException("early"))));
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 202 ");
		this.listener.take();
	}

	@Test
	void anErrorAfterTheResponseReachedItFailsTheRequestAndReleasesTheBody() throws Exception {
		TestChain chain = chain().middleware("fails", await((request, next) -> next.handle(request).map((response) -> {
			throw new ResponseStatusException(HttpStatus.BAD_GATEWAY);
		})));
		assertThat(exchange(chain, "GET /endless-flux")).startsWith("HTTP/1.1 502 ");
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("fails FAILED");
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
	}

	@ParameterizedTest
	@ValueSource(strings = { "fails", "loses", "slow" })
	void nothingOfABodyThatIsNotSentIsInTheHeadOfTheErrorPage(String what) throws Exception {
		String page = "longer than the body";
		try (DeadlineWheel wheel = new DeadlineWheel()) {
			TestChain chain = chain().deadlines(wheel).exceptionHandler((exchange, ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.INTERNAL_SERVER_ERROR);
				return write(exchange, page);
			})
				.middleware(what, OnFailure.FAIL, Duration.ofMillis(what.equals("slow") ? 1 : 60_000),
						await((request, next) -> next.handle(request).flatMap((response) -> switch (what) {
							case "fails" -> Mono.error(new IllegalStateException("fails"));
							case "loses" -> Mono.empty();
							default -> Mono.never();
						})));
			String response = exchange(chain, "GET /mono");
			assertThat(response).startsWith("HTTP/1.1 500 ").endsWith("\r\n\r\n" + page);
			assertThat(response.toLowerCase(Locale.ROOT)).contains("\r\ncontent-length: " + page.length() + "\r\n")
				.doesNotContain("content-type");
		}
		assertThat(this.listener.take().status()).isEqualTo(500);
	}

	@Test
	void aFailedRestCanBeRetried() throws Exception {
		AtomicInteger runs = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("retries",
					await((request, next) -> next.handle(request).retry(2).map(AwaitFilterTests::statusHeader)))
			.middleware("inner", await((request, next) -> next.handle(request).map(AwaitFilterTests::countHeader)))
			.handler((exchange) -> Mono.defer(() -> (runs.incrementAndGet() < 3)
					? Mono.error(new IllegalStateException("again")) : exchange.getResponse().setComplete()));
		assertThat(exchange(chain, "GET /")).contains("x-status: 200\r\n", "x-count: 1\r\n");
		assertThat(runs).hasValue(3);
		assertThat(this.listener.take().results()).containsExactly("retries PASSED", "inner PASSED");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whatTheMiddlewareHasSetBetweenTwoRunsStays(boolean fails) throws Exception {
		AtomicInteger runs = new AtomicInteger();
		AtomicInteger fallbacks = new AtomicInteger();
		List<Sinks.Empty<Void>> patience = List.of(Sinks.empty(), Sinks.empty());
		TestChain chain = new TestChain().listener(this.listener)
			.foreign("outer", emptying(patience))
			.middleware("falls-back", await((request, next) -> {
				Mono<LiveResponse> again = Mono.defer(() -> {
					request.exchange()
						.getResponse()
						.getHeaders()
						.add("X-Retried", Integer.toString(fallbacks.incrementAndGet()));
					return next.handle(request);
				});
				return fails
						? next.handle(request)
							.onErrorResume((ex) -> again)
							.onErrorResume((ex) -> again)
							.map((live) -> live)
						: next.handle(request)
							.timeout(patience.get(0).asMono(), again)
							.timeout(patience.get(1).asMono(), again)
							.map((live) -> live);
			}))
			.handler((exchange) -> {
				if (runs.incrementAndGet() < 3) {
					exchange.getResponse().setStatusCode(HttpStatus.CREATED);
					exchange.getResponse().getHeaders().set("X-Run", "handler");
					return fails ? Mono.error(new IllegalStateException("again")) : Mono.never();
				}
				return write(exchange, "third");
			});
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 200 ")
			.contains("X-Retried: 1\r\n", "X-Retried: 2\r\n")
			.doesNotContain("X-Run")
			.endsWith("\r\n\r\nthird");
		this.listener.take();
	}

	@Test
	void whatTheMiddlewareHasSetAfterAFailureStaysWithItsOwnAnswer() throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("answers",
					await((request, next) -> next.handle(request).cast(ServerResponse.class).onErrorResume((ex) -> {
						request.exchange().getResponse().getHeaders().set("X-Recovered", "1");
						return ServerResponse.accepted().build();
					})))
			.handler((exchange) -> {
				exchange.getResponse().getHeaders().set("X-Run", "handler");
				return Mono.error(new IllegalStateException("fails"));
			});
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 202 ")
			.contains("X-Recovered: 1\r\n")
			.doesNotContain("X-Run");
		this.listener.take();
	}

	@Test
	void aTimeoutOfTheMiddlewareCancelsTheRestAndAnswers() throws Exception {
		TestChain chain = chain().middleware("outer", after(AwaitFilterTests::statusHeader))
			.middleware("times-out",
					await((request, next) -> next.handle(request)
						.cast(ServerResponse.class)
						.timeout(untilItIsStuck(), ServerResponse.status(504).build())));
		assertThat(exchange(chain, "GET /stuck")).startsWith("HTTP/1.1 504 ").contains("x-status: 504\r\n");
		assertThat(this.listener.take().results()).containsExactly("outer PASSED", "times-out PASSED");
	}

	private Mono<Boolean> untilItIsStuck() {
		return Mono.fromCallable(() -> {
			this.application.endpoints().awaitStuck();
			return true;
		}).subscribeOn(Schedulers.boundedElastic());
	}

	@Test
	void aSecondWriteOfTheHandlerDoesNotOvertakeTheFirst() throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("slow",
					await((request, next) -> next.handle(request)
						.delayElement(Duration.ofMillis(20))
						.map(AwaitFilterTests::countHeader)))
			.handler((exchange) -> Mono.when(write(exchange, "first"), write(exchange, "second")));
		assertThat(exchange(chain, "GET /")).contains("x-count: 1\r\n").endsWith("\r\n\r\nfirst");
		this.listener.take();
	}

	@Test
	void aSecondAnswerEndsWithTheFirst() throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("slow",
					await((request, next) -> next.handle(request)
						.delayElement(Duration.ofMillis(20))
						.map(AwaitFilterTests::countHeader)))
			.middleware("answers", (exchange, next) -> write(exchange, "first").then(write(exchange, "second")))
			.handler((exchange) -> Mono.error(new AssertionError("not reached")));
		assertThat(exchange(chain, "GET /")).contains("x-count: 1\r\n").endsWith("\r\n\r\nfirst");
		assertThat(this.listener.take().results()).containsExactly("slow PASSED", "answers ANSWERED");
	}

	@Test
	void aFilterInsideHasCompletedWhenItsResponseIsTaken() throws Exception {
		List<String> ends = Collections.synchronizedList(new ArrayList<>());
		Sinks.Empty<Void> completed = Sinks.empty();
		TestChain chain = chain()
			.middleware("slow",
					await((request, next) -> next.handle(request)
						.delayUntil((response) -> completed.asMono())
						.map(AwaitFilterTests::countHeader)))
			.middleware("gives-up",
					(exchange, next) -> next.filter(exchange)
						.timeout(Duration.ofMinutes(1), Mono.defer(() -> write(exchange, "gave up")))
						.doOnSuccess((done) -> {
							ends.add("completed");
							completed.tryEmitEmpty();
						}));
		assertThat(exchange(chain, "GET /file")).contains("x-count: 1\r\n").doesNotContain("gave up");
		assertThat(ends).containsExactly("completed");
		assertThat(this.listener.take().results()).containsExactly("slow PASSED", "gives-up PASSED");
	}

	@Test
	void aResponseDecoratedInBetweenIsSeenAsEachOneLeavesIt() throws Exception {
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		WebFilter decorates = (exchange, next) -> next
			.filter(exchange.mutate().response(new ServerHttpResponseDecorator(exchange.getResponse()) {

				@Override
				public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
					getHeaders().set("X-Decorated", "yes");
					return super.writeWith(body);
				}

			}).build());
		HandlerFilterFunction<LiveResponse, ServerResponse> outer = (request, next) -> next.handle(request)
			.map((response) -> {
				seen.add("outer " + response.headers().getFirst("X-Decorated"));
				return response;
			});
		HandlerFilterFunction<LiveResponse, ServerResponse> inner = (request, next) -> next.handle(request)
			.map((response) -> {
				seen.add("inner " + response.headers().getFirst("X-Decorated"));
				return response;
			});
		TestChain chain = chain().middleware("outer", await(outer))
			.middleware("decorates", decorates)
			.middleware("inner", await(inner));
		assertThat(exchange(chain, "GET /mono")).contains("X-Decorated: yes");
		this.listener.take();
		assertThat(seen).containsExactly("inner null", "outer yes");
	}

	@Test
	void aFileIsSentByTheServerItself() throws Exception {
		AtomicInteger zeroCopy = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("header", after(AwaitFilterTests::statusHeader))
			.handler((exchange) -> {
				ZeroCopyHttpOutputMessage message = (ZeroCopyHttpOutputMessage) exchange.getResponse();
				zeroCopy.incrementAndGet();
				return message.writeWith(this.file, 10, 20);
			});
		assertThat(exchange(chain, "GET /")).contains("x-status: 200\r\n").contains("01234567890123456789");
		assertThat(zeroCopy).hasValue(1);
		this.listener.take();
	}

	@Test
	void theFirstEventIsNotHeldBackByTheSecond() throws Exception {
		TestChain chain = chain().middleware("header", after(AwaitFilterTests::statusHeader));
		try (WireServer server = new WireServer(chain.build(this.application.handler()));
				Socket socket = server.open()) {
			WireServer.send(socket, "GET /endless-sse");
			String head = WireServer.readUntil(socket, "data:tick");
			assertThat(head).contains("x-status: 200\r\n");
			WireServer.readUntil(socket, "data:tick");
			WireServer.reset(socket);
		}
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
	}

	@Test
	void theHandshakeOfAWebSocketPasses() throws Exception {
		TestChain chain = chain().middleware("header", after(AwaitFilterTests::statusHeader));
		try (WireServer server = new WireServer(chain.build(this.application.handler()));
				Socket socket = server.open()) {
			WireServer.send(socket, "GET /ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
					"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
			assertThat(WireServer.readUntil(socket, "hello")).startsWith("HTTP/1.1 101 ").contains("x-status: 101\r\n");
		}
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.UPGRADED);
	}

	@ParameterizedTest
	@ValueSource(strings = { "before", "in", "after" })
	void aClientThatLeavesCancelsWhereverItIs(String where) throws Exception {
		Semaphore there = new Semaphore(0);
		Semaphore cancelled = new Semaphore(0);
		Mono<LiveResponse> never = Mono.<LiveResponse>never()
			.doOnSubscribe((subscription) -> there.release())
			.doOnCancel(cancelled::release);
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("outer", after(AwaitFilterTests::statusHeader))
			.middleware("stuck", await((request, next) -> switch (where) {
				case "before" -> never.cast(ServerResponse.class);
				case "in" -> next.handle(request).cast(ServerResponse.class);
				default -> next.handle(request).flatMap((response) -> never);
			}))
			.handler((exchange) -> where.equals("in") ? never.then()
					: write(exchange, "body").doOnCancel(cancelled::release));
		try (WireServer server = new WireServer(chain.build()); Socket socket = server.open()) {
			WireServer.send(socket, "GET /");
			assertThat(there.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
			WireServer.reset(socket);
			assertThat(cancelled.tryAcquire(where.equals("after") ? 2 : 1, 10, TimeUnit.SECONDS)).isTrue();
		}
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.results()).containsExactly("outer PASSED",
				where.equals("before") ? "stuck CANCELLED" : "stuck PASSED");
	}

	@Test
	void oneThatReturnsNextItselfIsNotInTheWay() throws Exception {
		HandlerFilterFunction<ServerResponse, ServerResponse> pass = (request, next) -> next.handle(request);
		TestChain chain = chain();
		for (int i = 0; i < 3; i++) {
			chain.middleware("pass" + i, code(pass));
		}
		String requestLine = "GET /mono";
		assertThat(exchange(chain, requestLine)).isEqualTo(exchangeBare(requestLine));
		assertThat(this.listener.take().results()).containsExactly("pass0 PASSED", "pass1 PASSED", "pass2 PASSED");
	}

	@Test
	void aThousandNeedNoMoreStackThanOne() throws Exception {
		TestChain chain = chain();
		for (int i = 0; i < 1000; i++) {
			chain.middleware("await" + i, await((request, next) -> next.handle(request).map((response) -> response)));
		}
		assertThat(exchange(chain, "GET /mono")).endsWith("\r\n\r\nmono");
		assertThat(this.listener.take().results()).hasSize(1000).allMatch((result) -> result.endsWith("PASSED"));
		assertThat(exchange(chain, "GET /fails")).startsWith("HTTP/1.1 500 ");
		assertThat(this.listener.take().results()).hasSize(1000).allMatch((result) -> result.endsWith("PASSED"));
	}

	@Test
	void runsWhereNothingIsObserved() throws Exception {
		TestChain chain = new TestChain().guard(MisuseGuard.OFF)
			.handler(this.application.handler())
			.middleware("header", after(AwaitFilterTests::statusHeader));
		assertThat(exchange(chain, "GET /mono")).contains("x-status: 200\r\n").endsWith("\r\n\r\nmono");
	}

	@Test
	void runsAsAPlainFilter() throws Exception {
		TestChain chain = new TestChain().middleware("outer", after(AwaitFilterTests::statusHeader))
			.middleware("replaces", await((request, next) -> next.handle(request)
				.flatMap((response) -> ServerResponse.accepted().bodyValue("replaced"))));
		try (WireServer server = new WireServer(chain.buildBare(this.application.handler()))) {
			assertThat(server.exchange("GET /file")).startsWith("HTTP/1.1 202 ")
				.contains("x-status: 202\r\n")
				.endsWith("\r\n\r\nreplaced");
		}
	}

	@Test
	void changingAResponseThatIsOnItsWayIsAnError() throws Exception {
		AtomicReference<LiveResponse> kept = new AtomicReference<>();
		TestChain chain = chain().middleware("keeps", after((response) -> {
			kept.set(response);
			return response;
		}));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 200 ");
		this.listener.take();
		assertThatIllegalStateException().isThrownBy(() -> kept.get().setStatusCode(HttpStatus.GONE))
			.withMessage("The response is on its way, and its status cannot be changed any more");
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> kept.get().headers().set("X-Late", "yes"));
		assertThat(kept.get().statusCode()).isEqualTo(HttpStatus.OK);
	}

	@Test
	void nullIsAMisuse() throws Exception {
		TestChain chain = chain().middleware("null", await((request, next) -> null));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 500 ");
		assertMisused("null", "NULL_RESULT");
	}

	@Test
	void completingWithoutAResponseIsAMisuse() throws Exception {
		TestChain chain = chain().middleware("drops", await((request, next) -> Mono.empty()));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 500 ");
		assertMisused("drops", "DROPPED_NEXT");
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /mono", "GET /flux", "GET /no-content", "HEAD /mono" })
	void losingTheResponseIsAMisuse(String requestLine) throws Exception {
		TestChain chain = chain().middleware("loses",
				await((request, next) -> next.handle(request).then(Mono.empty())));
		assertThat(exchange(chain, requestLine)).startsWith("HTTP/1.1 500 ");
		assertMisused("loses", "DROPPED_NEXT");
	}

	/**
	 * There is no answer of the rest of the chain any more, so none would be sent.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "cancels", "cancels-both", "swallows", "filters" })
	void completingWithoutAResponseBehindNextIsAMisuse(String what) throws Exception {
		Mono<Void> rest = what.startsWith("cancels") ? Mono.never() : Mono.error(new IllegalStateException("fails"));
		for (String method : List.of("GET", "HEAD", "POST")) {
			TestChain chain = chain().middleware("loses", await((request, next) -> {
				Mono<LiveResponse> response = next.handle(request);
				Duration patience = Duration.ofMillis(10);
				return switch (what) {
					case "cancels" -> response.cast(ServerResponse.class).timeout(patience, Mono.empty());
					case "cancels-both" ->
						Mono.zip(response.timeout(patience, Mono.empty()), response).cast(ServerResponse.class);
					case "swallows" -> response.cast(ServerResponse.class).onErrorResume((ex) -> Mono.empty());
					default -> response.cast(ServerResponse.class).onErrorComplete();
				};
			})).handler((exchange) -> rest);
			assertThat(exchange(chain, method + " /")).startsWith("HTTP/1.1 500 ");
			assertThat(this.listener.take().results()).containsExactly("loses MISUSED");
			assertThat(this.misuse).contains("loses DROPPED_NEXT");
		}
	}

	/**
	 * As with a filter, a status is an answer.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "cancels", "swallows" })
	void aStatusIsAnAnswerBehindNext(String what) throws Exception {
		Mono<Void> rest = what.equals("cancels") ? Mono.never() : Mono.error(new IllegalStateException("fails"));
		TestChain chain = chain().middleware("answers", await((request, next) -> {
			Mono<ServerResponse> none = Mono
				.fromRunnable(() -> request.exchange().getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT));
			return next.handle(request)
				.cast(ServerResponse.class)
				.timeout(Duration.ofMillis(10), none)
				.onErrorResume((ex) -> none);
		})).handler((exchange) -> rest);
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 504 ");
		assertThat(this.listener.take().results()).containsExactly("answers PASSED");
		assertThat(this.misuse).isEmpty();
	}

	/**
	 * All that await share the object, and what it stood for is discarded.
	 */
	@Test
	void aResponseThatWasKeptFromAFailedRunIsAHead() throws Exception {
		AtomicReference<ServerResponse> kept = new AtomicReference<>();
		TestChain chain = chain()
			.middleware("outer",
					await((request, next) -> next.handle(request)
						.cast(ServerResponse.class)
						.onErrorResume((ex) -> Mono.just(kept.get()))))
			.middleware("inner", after((response) -> {
				kept.set(response);
				throw new IllegalStateException("fails");
			}));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("outer PASSED", "inner FAILED");
	}

	/**
	 * What next returns is the response that it emits, so a cast gets it too early.
	 */
	@Test
	void aResponseThatNextHasNotEmittedIsAHead() throws Exception {
		TestChain chain = chain().middleware("casts",
				await((request, next) -> Mono.just((ServerResponse) next.handle(request))));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("casts ANSWERED");
	}

	/**
	 * A write that the handler did not wait for comes when its empty answer is shown.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "returns", "fails" })
	void aWriteAfterTheHandlerHasCompletedIsNoAnswer(String what) throws Exception {
		AtomicReference<ServerWebExchange> late = new AtomicReference<>();
		List<String> written = Collections.synchronizedList(new ArrayList<>());
		TestChain chain = chain()
			.middleware("slow", await((request, next) -> next.handle(request).flatMap((response) -> {
				write(late.get(), "late").subscribe((done) -> {
				}, (ex) -> written.add("error"), () -> written.add("complete"));
				return what.equals("fails") ? Mono.error(new IllegalStateException("fails")) : Mono.just(response);
			})))
			.handler((exchange) -> {
				late.set(exchange);
				return Mono.empty();
			});
		assertThat(exchange(chain, "GET /")).startsWith(what.equals("fails") ? "HTTP/1.1 500 " : "HTTP/1.1 200 ")
			.doesNotContain("late");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(what.equals("fails") ? RequestResult.ERROR_PAGE : RequestResult.OK);
		assertThat(record.results()).containsExactly(what.equals("fails") ? "slow FAILED" : "slow PASSED");
	}

	@Test
	void anotherResponseWithoutAwaitingNextWaitsForIt() throws Exception {
		Semaphore handled = new Semaphore(0);
		Sinks.Empty<Void> found = Sinks.empty();
		TestChain chain = new TestChain().listener(this.listener).guard((middleware, misuse, request) -> {
			found.tryEmitEmpty();
			return note(middleware, misuse, request);
		}).middleware("does-not-await", await((request, next) -> {
			next.handle(request).subscribe();
			return ServerResponse.accepted().build();
		}))
			.handler((exchange) -> found.asMono()
				.publishOn(Schedulers.parallel())
				.doOnSuccess((done) -> handled.release())
				.then(write(exchange, "unseen")));
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 202 ").doesNotContain("unseen");
		assertThat(handled.tryAcquire()).isTrue();
		this.listener.take();
		assertThat(this.misuse).containsExactly("does-not-await UNAWAITED_NEXT");
	}

	@Test
	void anotherResponseIsSentWhenTheRestIsCancelledThatItDoesNotAwait() throws Exception {
		Sinks.Empty<Void> patience = Sinks.empty();
		AtomicInteger cancelled = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.guard(this::note)
			.foreign("outer", emptying(List.of(patience)))
			.middleware("gives-up", await((request, next) -> {
				next.handle(request).takeUntilOther(patience.asMono()).subscribe();
				return ServerResponse.accepted().build();
			}))
			.handler((exchange) -> {
				exchange.getResponse().getHeaders().set("X-Handler", "1");
				return Mono.<Void>never().doOnCancel(cancelled::incrementAndGet);
			});
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 202 ").doesNotContain("X-Handler");
		assertThat(cancelled).hasPositiveValue();
		assertThat(this.listener.take().results()).containsExactly("gives-up PASSED");
		assertThat(this.misuse).containsExactly("gives-up UNAWAITED_NEXT");
	}

	@Test
	void subscribingTwiceRunsTheRestOnce() throws Exception {
		AtomicInteger runs = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.guard(this::note)
			.middleware("twice", await((request, next) -> {
				Mono<LiveResponse> response = next.handle(request);
				return response.flatMap((first) -> response.defaultIfEmpty(first));
			}))
			.handler((exchange) -> {
				runs.incrementAndGet();
				return write(exchange, "once");
			});
		assertThat(exchange(chain, "GET /")).endsWith("\r\n\r\nonce");
		this.listener.take();
		assertThat(runs).hasValue(1);
		assertThat(this.misuse).containsExactly("twice REPEATED_NEXT");
	}

	@Test
	void aLateSubscriptionDoesNotRunTheRest() throws Exception {
		Semaphore subscribed = new Semaphore(0);
		AtomicInteger runs = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.guard(this::note)
			.middleware("late", await((request, next) -> ServerResponse.ok().bodyValue("mine").doAfterTerminate(() -> {
				next.handle(request).subscribe();
				subscribed.release();
			})))
			.handler((exchange) -> {
				runs.incrementAndGet();
				return write(exchange, "late");
			});
		assertThat(exchange(chain, "GET /")).endsWith("\r\n\r\nmine");
		assertThat(this.listener.take().results()).containsExactly("late ANSWERED");
		assertThat(subscribed.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
		assertThat(runs).hasValue(0);
		assertThat(this.misuse).containsExactly("late LATE_NEXT");
	}

	@Test
	void everyRaceEndsWithOneRecord() throws Exception {
		HandlerFilterFunction<LiveResponse, ServerResponse> random = (request, next) -> {
			Mono<LiveResponse> response = next.handle(request);
			return switch (ThreadLocalRandom.current().nextInt(8)) {
				case 0 -> response.delayElement(Duration.ofNanos(50_000)).map((live) -> live);
				case 1 -> response.publishOn(Schedulers.parallel()).map(AwaitFilterTests::countHeader);
				case 2 -> response.flatMap((live) -> ServerResponse.accepted().bodyValue("replaced"));
				case 3 -> response.map((live) -> {
					throw new IllegalStateException("after");
				});
				case 4 -> response.cast(ServerResponse.class)
					.timeout(Duration.ofNanos(200_000), ServerResponse.status(504).build());
				case 5 -> Mono.delay(Duration.ofNanos(20_000)).then(ServerResponse.noContent().build());
				case 6 -> response.retry(1).map((live) -> live);
				default -> response.map((live) -> live);
			};
		};
		TestChain chain = new TestChain().listener(this.listener).quietErrors();
		for (int i = 0; i < 4; i++) {
			chain.middleware("random" + i, await(random));
		}
		HttpHandler handler = chain.build((exchange) -> (ThreadLocalRandom.current().nextInt(4) == 0)
				? Mono.delay(Duration.ofNanos(100_000)).then(write(exchange, "later")) : write(exchange, "now"));
		int requests = 20_000;
		IntStream.range(0, requests).parallel().forEach((i) -> {
			Mono<Void> request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build());
			if (i % 3 == 0) {
				Disposable running = request.subscribe();
				LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(300_000));
				running.dispose();
			}
			else {
				// Nothing may hang
				request.block(Duration.ofSeconds(10));
			}
		});
		for (int i = 0; i < requests; i++) {
			this.listener.take();
		}
		assertThat(this.listener.isEmpty()).isTrue();
	}

	@Test
	void aSubscriptionWhileItsOwnAnswerIsBeingMadeDoesNotRunTheRest() throws Exception {
		AtomicInteger runs = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.guard(this::note)
			.middleware("late", await((request, next) -> ServerResponse.ok().body(Mono.fromSupplier(() -> {
				next.handle(request).subscribe();
				return "mine";
			}), String.class)))
			.handler((exchange) -> {
				runs.incrementAndGet();
				return write(exchange, "late");
			});
		assertThat(exchange(chain, "GET /")).endsWith("\r\n\r\nmine");
		assertThat(this.listener.take().results()).containsExactly("late ANSWERED");
		assertThat(runs).hasValue(0);
		assertThat(this.misuse).containsExactly("late LATE_NEXT");
	}

	private void assertMisused(String name, String kind) throws InterruptedException {
		assertThat(this.listener.take().results()).containsExactly(name + " MISUSED");
		assertThat(this.misuse).containsExactly(name + " " + kind);
		this.misuse.clear();
	}

	private boolean note(Middleware middleware, Misuse misuse, @Nullable LoggedRequest request) {
		this.misuse.add(middleware.name() + " " + misuse);
		return true;
	}

	private TestChain chain() {
		this.misuse.clear();
		return new TestChain().listener(this.listener).guard(this::note).handler(this.application.handler());
	}

	private String exchange(TestChain chain, String requestLine) throws IOException {
		try (WireServer server = new WireServer(chain.build())) {
			return server.exchange(requestLine);
		}
	}

	private String exchangeBare(String requestLine) throws IOException {
		try (WireServer server = new WireServer(new TestChain().buildBare(this.application.handler()))) {
			return server.exchange(requestLine);
		}
	}

	private static MiddlewareCode await(HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		return code(function);
	}

	private static MiddlewareCode after(UnaryOperator<LiveResponse> after) {
		return await((request, next) -> next.handle(request).map(after));
	}

	private static MiddlewareCode code(HandlerFilterFunction<?, ?> function) {
		return new AwaitFilter(function, STRATEGIES::messageReaders, () -> CONTEXT).toCode();
	}

	private static HandlerFilterFunction<LiveResponse, ServerResponse> tracing(String name, List<String> order) {
		return (request, next) -> {
			order.add(name + " in");
			return next.handle(request).map((response) -> {
				order.add(name + " out");
				return response;
			});
		};
	}

	private static LiveResponse statusHeader(LiveResponse response) {
		HttpStatusCode status = response.statusCode();
		response.headers().set("x-status", Integer.toString(status.value()));
		return response;
	}

	private static LiveResponse countHeader(LiveResponse response) {
		String count = response.headers().getFirst("x-count");
		response.headers().set("x-count", (count != null) ? count + "1" : "1");
		return response;
	}

	private static Mono<Void> write(ServerWebExchange exchange, String text) {
		return exchange.getResponse()
			.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap(text.getBytes())));
	}

	/**
	 * Ends what others wait for when everything further in has been subscribed to.
	 */
	private static WebFilter emptying(List<Sinks.Empty<Void>> waiting) {
		return (exchange, next) -> new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				next.filter(exchange).subscribe(actual);
				waiting.forEach(Sinks.Empty::tryEmitEmpty);
			}

		};
	}

	private static String withoutHeader(String response) {
		return response.replaceFirst("x-status: [0-9]+\r\n", "");
	}

}
