package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.FailureLog;
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
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.reactive.accept.HeaderContentTypeResolver;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityResultHandler;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HooksFilter}, over sockets.
 */
@TestInstance(Lifecycle.PER_CLASS)
class HooksFilterTests {

	private static final HandlerStrategies STRATEGIES = HandlerStrategies.withDefaults();

	private RecordingListener listener = new RecordingListener();

	private final List<String> misuse = Collections.synchronizedList(new ArrayList<>());

	private final List<String> failures = Collections.synchronizedList(new ArrayList<>());

	private final ExecutorService executor = Executors.newCachedThreadPool((task) -> new Thread(task, "blocking"));

	private Offloader offloader = new Offloader(this.executor, 16, 16);

	private WireApplication application;

	@BeforeAll
	void start(@TempDir Path directory) throws IOException {
		Path file = directory.resolve("file.txt");
		Files.writeString(file, "0123456789".repeat(5_000));
		this.application = new WireApplication(file);
	}

	@AfterAll
	void stop() {
		this.application.close();
		this.executor.shutdownNow();
	}

	@AfterEach
	void nothingIsLeft() {
		// A client can have its response while a thread still has something to do
		Awaitility.await().until(() -> this.offloader.active() + this.offloader.queued() == 0);
		this.offloader = new Offloader(this.executor, 16, 16);
		// A record may still be on its way to the old one
		this.listener = new RecordingListener();
		this.misuse.clear();
		this.failures.clear();
	}

	static Stream<Arguments> going() {
		return Stream
			.of(new Going.InPlace(), new Going.Blocking(), new Going.EmptyMono(), new Going.LaterMono(),
					new Going.Done(), new Going.Later(), new Going.EmptyFlux(), new Going.Null(),
					new Going.NoDecision(), new Going.Session(), new Going.BlockingSession())
			.map((bean) -> Arguments.of(bean.getClass().getSimpleName(), bean));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("going")
	void goesOnWhenTheMethodReturnsNothing(String name, Object bean) throws Exception {
		assertThat(exchange(chain().middleware("hook", code(bean)), "GET /mono")).endsWith("\r\n\r\nmono");
		assertThat(this.listener.take().results()).containsExactly("hook PASSED");
	}

	static Stream<Arguments> changing() {
		return Stream
			.of(new Changing.Request(), new Changing.Exchange(), new Changing.LaterRequest(), new Changing.Blocking())
			.map((bean) -> Arguments.of(bean.getClass().getSimpleName(), bean));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("changing")
	void goesOnWithTheRequestThatTheMethodReturns(String name, Object bean) throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("hook", code(bean))
			.handler((exchange) -> write(exchange, exchange.getRequest().getHeaders().getFirst("X-Tenant")));
		assertThat(exchange(chain, "GET /")).endsWith("\r\n\r\nacme");
		assertThat(this.listener.take().results()).containsExactly("hook PASSED");
	}

	static Stream<Arguments> answering() {
		return Stream.of(Arguments.of(new Answering.Function(), 401, "function"),
				Arguments.of(new Answering.LaterFunction(), 401, "function"),
				Arguments.of(new Answering.BlockingFunction(), 401, "function"),
				Arguments.of(new Answering.Entity(), 402, "entity"),
				Arguments.of(new Answering.LaterEntity(), 402, "entity"),
				Arguments.of(new Answering.Problem(), 403, "\"title\":\"Forbidden\""),
				Arguments.of(new Answering.Exception(), 409, "\"title\":\"Conflict\""),
				Arguments.of(new Answering.Status(), 410, ""), Arguments.of(new Answering.LaterStatus(), 410, ""),
				Arguments.of(new Answering.BlockingStatus(), 410, ""), Arguments.of(new Answering.Writes(), 200, ""),
				Arguments.of(new Answering.Anything(), 401, "function"));
	}

	@ParameterizedTest
	@MethodSource("answering")
	void answersInsteadOfTheRest(Object bean, int status, String body) throws Exception {
		AtomicInteger handled = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("outer", code(new StampStatus()))
			.middleware("hook", code(bean))
			.middleware("inner", code(new StampStatus()))
			.handler((exchange) -> Mono.fromRunnable(handled::incrementAndGet));
		String response = exchange(chain, "GET /");
		assertThat(response).startsWith("HTTP/1.1 " + status + " ").contains("x-status: " + status + "\r\n");
		assertThat(response.substring(response.indexOf("\r\n\r\n"))).contains(body);
		assertThat(this.listener.take().results()).containsExactly("outer PASSED", "hook ANSWERED");
		assertThat(handled).hasValue(0);
	}

	static Stream<Arguments> failing() {
		return Stream
			.of(new Failing.Throws(), new Failing.Checked(), new Failing.Signals(), new Failing.SignalsLater(),
					new Failing.Stage(), new Failing.Blocking(), new Failing.Linkage(), new Failing.BlockingLinkage(),
					new Failing.TwoAnswers(), new Failing.Strange())
			.map((bean) -> Arguments.of(bean.getClass().getSimpleName(), bean));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("failing")
	void failsTheRequestAndLeavesTheConnectionUsable(String name, Object bean) throws Exception {
		TestChain chain = chain().middleware("outer", code(new StampStatus())).middleware("hook", code(bean));
		try (WireServer server = new WireServer(chain.build()); Socket socket = server.open()) {
			String request = "GET /mono HTTP/1.1\r\nHost: test\r\n\r\n";
			socket.getOutputStream().write((request + request).getBytes());
			WireServer.readUntil(socket, "x-status: 500");
			WireServer.readUntil(socket, "x-status: 500");
		}
		for (int i = 0; i < 2; i++) {
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
			assertThat(record.results()).containsExactly("outer PASSED", "hook FAILED");
		}
	}

	@Test
	void anExceptionThatIsAnAnswerKeepsItsStatus() throws Exception {
		String response = exchange(chain().middleware("hook", code(new Failing.Status())), "GET /mono");
		assertThat(response).startsWith("HTTP/1.1 402 ");
	}

	@Test
	void aMissingHeaderIsABadRequest() throws Exception {
		TestChain chain = chain().middleware("hook", code(new NeedsHeader()));
		try (WireServer server = new WireServer(chain.build())) {
			assertThat(server.exchange("GET /mono")).startsWith("HTTP/1.1 400 ");
			assertThat(server.exchange("GET /mono", "X-Key: 1")).startsWith("HTTP/1.1 200 ");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void nullInPlaceOfAPublisherIsAMisuse(boolean deferredArguments) throws Exception {
		TestChain chain = chain().middleware("hook", code(deferredArguments ? new NullWithSession() : new NullMono()));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 500 ");
		assertThat(this.listener.take().results()).containsExactly("hook MISUSED");
		assertThat(this.misuse).containsExactly("hook NULL_RESULT");
	}

	@Test
	void blockingMethodsThatFollowEachOtherShareAThread() throws Exception {
		List<String> threads = Collections.synchronizedList(new ArrayList<>());
		Offloader single = new Offloader(this.executor, 1, 0);
		this.offloader = single;
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("a", code(new NotesThread(threads)))
			.middleware("b", code(new NotesThread(threads)))
			.middleware("pass", (exchange, next) -> next.filter(exchange))
			.middleware("c", code(new NotesThread(threads)))
			.handler((exchange) -> {
				// The permit is free for others by now
				threads.add("active " + single.active());
				return write(exchange, "done");
			});
		assertThat(exchange(chain, "GET /")).endsWith("\r\n\r\ndone");
		assertThat(threads).hasSize(4).last().isEqualTo("active 0");
		assertThat(threads.get(0)).startsWith("blocking").isEqualTo(threads.get(1));
		assertThat(threads.get(2)).startsWith("blocking");
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "b PASSED", "pass PASSED", "c PASSED");
	}

	@Test
	void aPermitIsFreeWhereTheNextBlocksOnlyForTheResponse() throws Exception {
		List<String> threads = Collections.synchronizedList(new ArrayList<>());
		Offloader single = new Offloader(this.executor, 1, 0);
		this.offloader = single;
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("a", code(new NotesThread(threads)))
			.middleware("b", code(new StampStatusBlocking()))
			.handler((exchange) -> {
				threads.add("active " + single.active());
				return write(exchange, "done");
			});
		assertThat(exchange(chain, "GET /")).contains("x-status: 200\r\n").endsWith("\r\n\r\ndone");
		assertThat(threads).hasSize(2).last().isEqualTo("active 0");
	}

	static Stream<Arguments> settingAStatus() {
		return Stream
			.of(new SetsStatus.InPlace(), new SetsStatus.Blocking(), new SetsStatus.Now(), new SetsStatus.Later())
			.map((bean) -> Arguments.of(bean.getClass().getSimpleName(), bean));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("settingAStatus")
	void aStatusIsAnAnswerAmongOthersToo(String name, Object bean) throws Exception {
		String alone = exchange(chain().middleware("hook", code(bean, true)), "GET /mono");
		assertThat(alone).startsWith("HTTP/1.1 401 ").doesNotContain("mono");
		assertThat(this.listener.take().results()).containsExactly("hook ANSWERED");
		String first = exchange(
				chain().middleware("hook", code(bean, true)).middleware("other", code(new Going.EmptyMono(), true)),
				"GET /mono");
		assertThat(first).startsWith("HTTP/1.1 401 ").doesNotContain("mono");
		assertThat(this.listener.take().results()).element(0).isEqualTo("hook ANSWERED");
		String last = exchange(
				chain().middleware("other", code(new Going.EmptyMono(), true)).middleware("hook", code(bean, true)),
				"GET /mono");
		assertThat(last).startsWith("HTTP/1.1 401 ").doesNotContain("mono");
		assertThat(this.listener.take().results()).element(1).isEqualTo("hook ANSWERED");
	}

	/**
	 * One with a body of its own is that answer, also if another one further out finishes
	 * later.
	 */
	@Test
	void anAnswerAmongOthersWinsOverAStatus() throws Exception {
		String response = exchange(chain().middleware("slow", code(new Going.LaterMono(), true))
			.middleware("hook", code(new SetsStatusAndAnswers(), true)), "GET /mono");
		assertThat(response).startsWith("HTTP/1.1 403 ").endsWith("refused");
		assertThat(this.listener.take().results()).containsExactly("slow PASSED", "hook ANSWERED");
	}

	@Test
	void aStatusThatIsSetInPlaceDecidesBeforeAnAnswerFurtherIn() throws Exception {
		String response = exchange(chain().middleware("hook", code(new SetsStatus.InPlace(), true))
			.middleware("other", code(new SetsStatusAndAnswers(), true)), "GET /mono");
		assertThat(response).startsWith("HTTP/1.1 401 ").doesNotContain("refused");
		assertThat(this.listener.take().results()).element(0).isEqualTo("hook ANSWERED");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aResponseThatIsWrittenAmongOthersIsAnAnswer(boolean first) throws Exception {
		TestChain chain = chain();
		if (!first) {
			chain.middleware("other", code(new Going.LaterMono(), true));
		}
		chain.middleware("hook", code(new Completes(), true));
		if (first) {
			chain.middleware("other", code(new Going.LaterMono(), true));
		}
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 200 ").doesNotContain("mono");
		assertThat(this.listener.take().results()).contains("hook ANSWERED");
		assertThat(this.misuse).isEmpty();
	}

	@Test
	void aResponseHookThatFailsIsRecordedAlsoWhereItsMiddlewareHasAnswered() throws Exception {
		assertThat(exchange(chain().middleware("hook", code(new AnswersAndFails())), "GET /mono"))
			.startsWith("HTTP/1.1 401 ");
		assertThat(this.listener.take().results()).containsExactly("hook FAILED_OPEN");
	}

	@Test
	void aResponseHookOfAnAnswerThatAForeignFilterGivesUpLeavesNothing() throws Exception {
		WaitsForEver waits = new WaitsForEver();
		TestChain chain = chain().foreign("impatient",
				(exchange, next) -> next.filter(exchange).timeout(waits.began.asMono(), Mono.defer(() -> {
					exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
					return write(exchange, "given up");
				})))
			.middleware("waits", code(waits))
			.middleware("adds", code(new AddsHeader()));
		String response = exchange(chain, "GET /mono");
		assertThat(response).startsWith("HTTP/1.1 504 ").endsWith("given up");
		assertThat(response.split("x-added: yes", -1)).hasSize(2);
	}

	@Test
	void aStatusThatAHookSetsTooLateIsNoAnswerOfTheNextOne() throws Exception {
		Sinks.Empty<Void> waiting = Sinks.empty();
		Sinks.Empty<Void> goesOn = Sinks.empty();
		AtomicReference<ServerHttpResponse> late = new AtomicReference<>();
		DeadlineWheel wheel = new DeadlineWheel();
		TestChain chain = chain().deadlines(wheel)
			.middleware("late", OnFailure.SKIP, Duration.ofMillis(20), code(new Object() {

				@OnRequest
				Mono<Void> check(ServerHttpResponse response) {
					late.set(response);
					return Mono.never();
				}

			}))
			.middleware("next", code(new Object() {

				@OnRequest
				Mono<Void> check() {
					waiting.tryEmitEmpty();
					return goesOn.asMono();
				}

			}));
		try (WireServer server = new WireServer(chain.build()); Socket socket = server.open()) {
			WireServer.send(socket, "GET /mono");
			waiting.asMono().block(Duration.ofSeconds(10));
			late.get().setStatusCode(HttpStatus.TOO_MANY_REQUESTS);
			goesOn.tryEmitEmpty();
			assertThat(WireServer.readAll(socket)).startsWith("HTTP/1.1 200 ").endsWith("mono");
		}
		finally {
			wheel.close();
		}
		assertThat(this.listener.take().results()).containsExactly("late TIMEOUT_OPEN", "next PASSED");
	}

	@Test
	void timeOnAnotherThreadIsItsOwn() throws Exception {
		TestChain chain = chain().middleware("hook", code(new Sleeps(Duration.ofMillis(30))));
		exchange(chain, "GET /mono");
		RecordedRequest record = this.listener.take();
		assertThat(record.steps().get(0).own()).isGreaterThanOrEqualTo(Duration.ofMillis(30).toNanos());
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
	}

	@ParameterizedTest
	@CsvSource({ "FAIL, 503, SHED", "SKIP, 200, SHED_OPEN" })
	void whatIsTooMuchIsShed(OnFailure onFailure, int status, String result) throws Exception {
		this.offloader = new Offloader(this.executor, 1, 0);
		Gate gate = new Gate();
		StampAndGate bean = new StampAndGate(gate);
		TestChain chain = chain().middleware("hook", onFailure, code(bean));
		try (WireServer server = new WireServer(chain.build()); Socket first = server.open()) {
			WireServer.send(first, "GET /mono");
			gate.awaitEntered();
			String second = server.exchange("GET /mono");
			assertThat(second).startsWith("HTTP/1.1 " + status + " ").doesNotContain("x-stamp");
			assertThat(this.listener.take().results()).containsExactly("hook " + result);
			gate.open();
			assertThat(WireServer.readAll(first)).startsWith("HTTP/1.1 200 ").contains("x-stamp: yes");
			assertThat(this.listener.take().results()).containsExactly("hook PASSED");
		}
		assertThat(this.failures)
			.isEqualTo((onFailure == OnFailure.SKIP) ? List.of("hook REQUEST OverloadException") : List.of());
	}

	@Test
	void aResponseHookThatIsTooMuchIsShed() throws Exception {
		this.offloader = new Offloader(this.executor, 1, 0);
		Gate gate = new Gate();
		TestChain chain = chain().middleware("hook", code(new StampStatusBlocking()))
			.middleware("holds", (exchange, next) -> next.filter(exchange));
		Mono<Void> held = this.offloader.limit(1).call(() -> {
			gate.pass();
			return null;
		}, (result) -> false).then();
		Disposable holding = held.subscribe();
		gate.awaitEntered();
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 200 ").doesNotContain("x-status");
		assertThat(this.listener.take().results()).containsExactly("hook SHED_OPEN", "holds PASSED");
		assertThat(this.failures).containsExactly("hook RESPONSE OverloadException");
		gate.open();
		while (!holding.isDisposed()) {
			Thread.onSpinWait();
		}
	}

	@Test
	void aClientThatLeavesInterruptsTheMethodAndFreesThePermitWhenItReturns() throws Exception {
		this.offloader = new Offloader(this.executor, 1, 1);
		Gate gate = new Gate();
		TestChain chain = chain().middleware("hook", code(new StampAndGate(gate)));
		try (WireServer server = new WireServer(chain.build()); Socket socket = server.open()) {
			WireServer.send(socket, "GET /mono");
			gate.awaitEntered();
			WireServer.reset(socket);
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
			assertThat(record.results()).containsExactly("hook CANCELLED");
			gate.awaitInterrupted();
			gate.open();
			assertThat(server.exchange("GET /mono")).startsWith("HTTP/1.1 200 ");
			assertThat(this.listener.take().results()).containsExactly("hook PASSED");
		}
	}

	@ParameterizedTest
	@CsvSource({ "GET /mono, 200", "GET /flux, 200", "GET /sse, 200", "GET /empty, 200", "GET /no-content, 204",
			"GET /not-modified, 304", "GET /redirect, 302", "GET /file, 200", "GET /advice, 418", "HEAD /mono, 200",
			"HEAD /flux, 200", "HEAD /sse, 200", "HEAD /file, 200", "HEAD /no-content, 204", "OPTIONS /mono, 200",
			"GET /commit-action, 200", "GET /eager, 200", "GET /other-thread, 200", "GET /unknown, 404",
			"GET /fails, 500", "GET /throws, 500", "DELETE /mono, 405", "HEAD /unknown, 404",
			"GET /failing-commit-action, 500" })
	void aResponseHookSeesEveryFinalStatus(String requestLine, int status) throws Exception {
		for (Object bean : List.of(new StampStatus(), new StampStatusLater(), new StampStatusBlocking())) {
			String response = exchange(chain().middleware("stamp", code(bean)), requestLine);
			assertThat(response).as(bean.toString()).startsWith("HTTP/1.1 " + status + " ");
			assertThat(response).as(bean.toString()).containsOnlyOnce("\r\nx-status: " + status + "\r\n");
			assertThat(response.replaceFirst("x-status: [0-9]+\r\n", "")).isEqualTo(exchangeBare(requestLine));
			RecordedRequest record = this.listener.take();
			assertThat(record.status()).isEqualTo(status);
			assertThat(record.results()).containsExactly("stamp PASSED");
			assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
		}
	}

	@Test
	void aResponseHookSeesTheAnswersOfFiltersFurtherOut() throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.foreign("security", (exchange, next) -> next.filter(exchange).onErrorResume((ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
				return exchange.getResponse().setComplete();
			}))
			.middleware("stamp", code(new StampStatus()))
			.handler((exchange) -> Mono.error(new IllegalStateException("denied")));
		assertThat(exchange(chain, "GET /")).startsWith("HTTP/1.1 401 ").contains("x-status: 401\r\n");
		this.listener.take();
	}

	@Test
	void responseHooksRunInnerToOuterBehindAllCommitActions() throws Exception {
		List<String> order = Collections.synchronizedList(new ArrayList<>());
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("a", code(new NotesResponse("a", order)))
			.middleware("b", code(new NotesResponseLater("b", order)))
			.foreign("foreign", (exchange, next) -> next.filter(exchange))
			.middleware("c", code(new NotesResponse("c", order)))
			.handler((exchange) -> {
				exchange.getResponse()
					.beforeCommit(() -> Mono.delay(Duration.ofMillis(1)).doOnNext((i) -> order.add("commit")).then());
				return write(exchange, "body").doOnSubscribe((subscription) -> order.add("write"));
			});
		assertThat(exchange(chain, "GET /")).endsWith("body");
		assertThat(order).containsExactly("write", "commit", "c", "b", "a");
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "b PASSED", "c PASSED");
	}

	@Test
	void responseHooksKeepTheirOrderWhereARetryTakesAnotherWay() throws Exception {
		List<String> order = Collections.synchronizedList(new ArrayList<>());
		AtomicInteger attempts = new AtomicInteger();
		TestChain chain = new TestChain().listener(this.listener)
			.foreign("retries", (exchange, next) -> next.filter(exchange).retry(1))
			.middleware("a", code(new NotesResponse("a", order)))
			.foreign("answers",
					(exchange, next) -> (attempts.incrementAndGet() > 1) ? write(exchange, "body")
							: next.filter(exchange))
			.middleware("b", code(new NotesResponse("b", order)))
			.handler((exchange) -> Mono.error(new IllegalStateException("try again")));
		assertThat(exchange(chain, "GET /")).endsWith("body");
		assertThat(order).containsExactly("b", "a");
		this.listener.take();
	}

	@Test
	void aResponseHookRunsOnlyForThoseThatWereStarted() throws Exception {
		List<String> order = Collections.synchronizedList(new ArrayList<>());
		TestChain chain = chain().middleware("outer", code(new NotesResponse("outer", order)))
			.middleware("answers", code(new Answering.Function()))
			.middleware("inner", code(new NotesResponse("inner", order)));
		exchange(chain, "GET /mono");
		assertThat(order).containsExactly("outer");
	}

	static Stream<Arguments> failingResponseHooks() {
		return Stream
			.of(new FailingResponse.Throws(), new FailingResponse.Signals(), new FailingResponse.SignalsLater(),
					new FailingResponse.Blocking(), new FailingResponse.Linkage())
			.map((bean) -> Arguments.of(bean.getClass().getSimpleName(), bean));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("failingResponseHooks")
	void aResponseHookThatFailsTakesNothingElseDown(String name, Object bean) throws Exception {
		for (OnFailure onFailure : OnFailure.values()) {
			TestChain chain = chain().middleware("outer", code(new StampStatus()))
				.middleware("fails", onFailure, code(bean))
				.middleware("inner", code(new StampTwice()));
			assertThat(exchange(chain, "GET /mono")).contains("x-status: 200\r\n", "x-twice: yes\r\n")
				.endsWith("\r\n\r\nmono");
			assertThat(this.listener.take().results()).containsExactly("outer PASSED", "fails FAILED_OPEN",
					"inner PASSED");
		}
		assertThat(this.failures).hasSize(2).allMatch((failure) -> failure.startsWith("fails RESPONSE "));
	}

	@Test
	void aResponseHookThatReturnsNullIsAMisuseThatTakesNothingElseDown() throws Exception {
		TestChain chain = chain().middleware("fails", code(new FailingResponse.Null()));
		assertThat(exchange(chain, "GET /mono")).endsWith("\r\n\r\nmono");
		assertThat(this.listener.take().results()).containsExactly("fails FAILED_OPEN");
		assertThat(this.misuse).containsExactly("fails NULL_RESULT");
	}

	@Test
	void responseHooksRunAgainForTheAnswerThatFollowsOneThatIsGivenUp() throws Exception {
		WaitsForEver waits = new WaitsForEver();
		TestChain chain = chain().middleware("waits", code(waits))
			.middleware("stamp", code(new StampTwice()))
			.middleware("impatient",
					(exchange, next) -> next.filter(exchange).timeout(waits.began.asMono(), Mono.defer(() -> {
						exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
						return write(exchange, "given up");
					})));
		assertThat(exchange(chain, "GET /mono")).startsWith("HTTP/1.1 504 ")
			.contains("x-twice: yes\r\n", "x-run: 2\r\n")
			.endsWith("given up");
		assertThat(this.listener.take().results()).containsExactly("waits PASSED", "stamp PASSED", "impatient PASSED");
	}

	@Test
	void aResponseHookThatWaitsIsItsOwnTime() throws Exception {
		TestChain chain = chain().middleware("waits", code(new WaitsBeforeHead()));
		exchange(chain, "GET /file");
		RecordedRequest record = this.listener.take();
		assertThat(record.steps().get(0).own()).isGreaterThanOrEqualTo(Duration.ofMillis(20).toNanos());
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
	}

	@Test
	void aResponseHookSeesTheHandshakeOfAWebSocket() throws Exception {
		TestChain chain = chain().middleware("stamp", code(new StampTwice()))
			.middleware("status", code(new StampStatusBlocking()));
		try (WireServer server = new WireServer(chain.build()); Socket socket = server.open()) {
			WireServer.send(socket, "GET /ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
					"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
			assertThat(WireServer.readUntil(socket, "hello")).startsWith("HTTP/1.1 101 ")
				.contains("x-twice: yes\r\n", "x-status: 101\r\n");
		}
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.UPGRADED);
	}

	@Test
	void theRequestAndResponseOfTheMiddlewareAreWhatItsMethodsSee() throws Exception {
		TestChain chain = chain().middleware("outer", (exchange, next) -> {
			exchange.getAttributes().put("seen", "attribute");
			return next.filter(exchange);
		}).middleware("hook", code(new SeesAttribute()));
		assertThat(exchange(chain, "GET /mono")).contains("x-seen: attribute\r\n");
	}

	@Test
	void runsAsAPlainFilter() throws Exception {
		TestChain chain = new TestChain().middleware("later", code(new StampStatusLater()))
			.middleware("throws", code(new FailingResponse.Throws()))
			.middleware("signals", code(new FailingResponse.Signals()))
			.middleware("status", code(new Answering.LaterStatus()));
		try (WireServer server = new WireServer(chain.buildBare(this.application.handler()))) {
			assertThat(server.exchange("GET /mono")).startsWith("HTTP/1.1 410 ").contains("x-status: 410\r\n");
		}
	}

	@Test
	void runsWhereNothingElseIsObserved() throws Exception {
		TestChain chain = new TestChain().guard(MisuseGuard.OFF)
			.middleware("stamp", code(new StampStatus()))
			.handler(this.application.handler());
		assertThat(exchange(chain, "GET /unknown")).contains("x-status: 404\r\n");
	}

	@Test
	void aThousandNeedNoMoreStackThanOne() throws Exception {
		TestChain chain = chain();
		for (int i = 0; i < 1000; i++) {
			chain.middleware("hook" + i, code((i % 2 != 0) ? new WaitsForNothing() : new Going.LaterMono()));
		}
		assertThat(exchange(chain, "GET /mono")).endsWith("\r\n\r\nmono");
		assertThat(this.listener.take().results()).hasSize(1000).allMatch((result) -> result.endsWith("PASSED"));
	}

	@Test
	void aThousandBlockingOnesNeedNoMoreStackThanOne() throws Exception {
		TestChain chain = chain();
		for (int i = 0; i < 1000; i++) {
			chain.middleware("hook" + i, code(new Going.Blocking()));
		}
		assertThat(exchange(chain, "GET /mono")).endsWith("\r\n\r\nmono");
		assertThat(this.listener.take().results()).hasSize(1000).allMatch((result) -> result.endsWith("PASSED"));
	}

	@ParameterizedTest
	@CsvSource({ "FAIL, true", "FAIL, false", "SKIP, true", "SKIP, false" })
	void anAnswerThatCannotBeEncodedIsAFailure(OnFailure onFailure, boolean concurrent) throws Exception {
		TestChain chain = chain().quietErrors()
			.middleware("0", onFailure, code(new AnswersUnencodable(), concurrent))
			.middleware("1", code(new Going.LaterMono(), concurrent));
		String response = exchange(chain, "GET /mono");
		List<String> results = this.listener.take().results();
		if (onFailure == OnFailure.SKIP) {
			assertThat(response).startsWith("HTTP/1.1 200 ").doesNotContain("X-Answer").endsWith("mono");
			assertThat(results).containsExactly("0 FAILED_OPEN", "1 PASSED");
			assertThat(this.failures).containsExactly("0 REQUEST IllegalStateException");
		}
		else {
			assertThat(response).startsWith("HTTP/1.1 500 ");
			assertThat(results).startsWith("0 FAILED").doesNotContain("1 PASSED");
		}
	}

	private TestChain chain() {
		return new TestChain().listener(this.listener)
			.guard(this::note)
			.failures(this::note)
			.handler(this.application.handler());
	}

	private boolean note(Middleware middleware, Misuse misuse, @Nullable LoggedRequest request) {
		this.misuse.add(middleware.name() + " " + misuse);
		return true;
	}

	private void note(Middleware middleware, FailureLog.Part part, Throwable failure, @Nullable LoggedRequest request) {
		this.failures.add(middleware.name() + " " + part + " " + failure.getClass().getSimpleName());
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

	private MiddlewareCode code(Object bean) {
		return code(bean, false);
	}

	private MiddlewareCode code(Object bean, boolean concurrent) {
		return HookCodes.of(bean, concurrent, () -> this.offloader);
	}

	static Answers answers() {
		ResponseEntityResultHandler entities = new ResponseEntityResultHandler(STRATEGIES.messageWriters(),
				new HeaderContentTypeResolver());
		return new Answers(() -> AwaitFilterTests.CONTEXT, () -> entities);
	}

	private static Mono<Void> write(ServerWebExchange exchange, String text) {
		return exchange.getResponse()
			.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap(text.getBytes())));
	}

	/**
	 * Answers with a body, itself, that cannot be encoded.
	 */
	static class AnswersUnencodable {

		@OnRequest
		Mono<ResponseEntity<Object>> answer() {
			return Mono.just(ResponseEntity.ok().header("X-Answer", "1").body(new AbstractMap<String, String>() {

				@Override
				public Set<Entry<String, String>> entrySet() {
					throw new IllegalStateException("cannot be read");
				}

			}));
		}

	}

	/**
	 * Holds those that come through it, whether they are interrupted or not.
	 */
	static class Gate {

		private final Semaphore entered = new Semaphore(0);

		private final Semaphore interrupted = new Semaphore(0);

		private final CountDownLatch open = new CountDownLatch(1);

		void pass() {
			this.entered.release();
			boolean through = false;
			while (!through) {
				try {
					through = this.open.await(10, TimeUnit.SECONDS);
				}
				catch (InterruptedException ex) {
					this.interrupted.release();
				}
			}
		}

		void awaitEntered() throws InterruptedException {
			assertThat(this.entered.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
		}

		void awaitInterrupted() throws InterruptedException {
			assertThat(this.interrupted.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
		}

		void open() {
			this.open.countDown();
		}

	}

	static final class Going {

		static class InPlace {

			@OnRequest(blocking = false)
			void run(ServerHttpRequest request) {
				assertThat(Thread.currentThread().getName()).doesNotStartWith("blocking");
			}

		}

		static class Blocking {

			@OnRequest
			void run() {
				assertThat(Thread.currentThread().getName()).startsWith("blocking");
			}

		}

		static class EmptyMono {

			@OnRequest
			Mono<Void> run() {
				return Mono.empty();
			}

		}

		static class LaterMono {

			@OnRequest
			Mono<Void> run() {
				return Mono.defer(Mono::empty);
			}

		}

		static class Done {

			@OnRequest
			CompletableFuture<Void> run() {
				return CompletableFuture.completedFuture(null);
			}

		}

		static class Later {

			@OnRequest
			CompletionStage<Void> run() {
				return CompletableFuture.runAsync(() -> {
				}, CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS));
			}

		}

		static class EmptyFlux {

			@OnRequest
			Flux<Void> run() {
				return Flux.empty();
			}

		}

		static class Null {

			@OnRequest
			ServerResponse run() {
				return null;
			}

		}

		static class NoDecision {

			@OnRequest
			Mono<ServerResponse> run() {
				return Mono.delay(Duration.ofMillis(1)).then(Mono.empty());
			}

		}

		static class Session {

			@OnRequest(blocking = false)
			void run(WebSession session) {
				assertThat(session).isNotNull();
			}

		}

		static class BlockingSession {

			@OnRequest
			void run(WebSession session) {
				assertThat(session).isNotNull();
				assertThat(Thread.currentThread().getName()).startsWith("blocking");
			}

		}

	}

	static final class Changing {

		private static ServerHttpRequest change(ServerHttpRequest request) {
			return request.mutate().header("X-Tenant", "acme").build();
		}

		static class Request {

			@OnRequest(blocking = false)
			ServerHttpRequest run(ServerHttpRequest request) {
				return change(request);
			}

		}

		static class Exchange {

			@OnRequest
			Mono<ServerWebExchange> run(ServerWebExchange exchange) {
				return Mono.just(exchange.mutate().request(change(exchange.getRequest())).build());
			}

		}

		static class LaterRequest {

			@OnRequest
			CompletableFuture<ServerHttpRequest> run(ServerHttpRequest request) {
				return CompletableFuture.supplyAsync(() -> change(request));
			}

		}

		static class Blocking {

			@OnRequest
			ServerHttpRequest run(ServerHttpRequest request) {
				return change(request);
			}

		}

	}

	static final class Answering {

		static class Function {

			@OnRequest
			Mono<ServerResponse> run() {
				return ServerResponse.status(401).bodyValue("function");
			}

		}

		static class LaterFunction {

			@OnRequest
			Mono<ServerResponse> run() {
				return Mono.delay(Duration.ofMillis(1)).then(ServerResponse.status(401).bodyValue("function"));
			}

		}

		static class BlockingFunction {

			@OnRequest
			ServerResponse run() {
				return ServerResponse.status(401).bodyValue("function").block();
			}

		}

		static class Entity {

			@OnRequest(blocking = false)
			ResponseEntity<String> run() {
				return ResponseEntity.status(402).body("entity");
			}

		}

		static class LaterEntity {

			@OnRequest
			CompletableFuture<ResponseEntity<String>> run() {
				return CompletableFuture.supplyAsync(() -> ResponseEntity.status(402).body("entity"));
			}

		}

		static class Problem {

			@OnRequest
			ProblemDetail run() {
				return ProblemDetail.forStatus(HttpStatus.FORBIDDEN);
			}

		}

		static class Exception {

			@OnRequest
			ErrorResponse run() {
				return new ResponseStatusException(HttpStatus.CONFLICT);
			}

		}

		static class Status {

			@OnRequest(blocking = false)
			void run(ServerHttpResponse response) {
				response.setStatusCode(HttpStatus.GONE);
			}

		}

		static class LaterStatus {

			@OnRequest
			Mono<Void> run(ServerHttpResponse response) {
				return Mono.delay(Duration.ofMillis(1))
					.doOnNext((done) -> response.setStatusCode(HttpStatus.GONE))
					.then();
			}

		}

		static class BlockingStatus {

			@OnRequest
			void run(ServerHttpResponse response) {
				response.setStatusCode(HttpStatus.GONE);
			}

		}

		static class Writes {

			@OnRequest
			Mono<Void> run(ServerHttpResponse response) {
				return response.setComplete();
			}

		}

		static class Anything {

			@OnRequest
			Mono<?> run() {
				return ServerResponse.status(401).bodyValue("function");
			}

		}

	}

	static final class Failing {

		static class Throws {

			@OnRequest(blocking = false)
			void run() {
				throw new IllegalStateException("throws");
			}

		}

		static class Checked {

			@OnRequest(blocking = false)
			void run() throws IOException {
				throw new IOException("checked");
			}

		}

		static class Signals {

			@OnRequest
			Mono<Void> run() {
				return Mono.error(new IllegalStateException("signals"));
			}

		}

		static class SignalsLater {

			@OnRequest
			Mono<Void> run() {
				return Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("signals")));
			}

		}

		static class Stage {

			@OnRequest
			CompletionStage<Void> run() {
				return CompletableFuture.failedFuture(new IllegalStateException("stage"));
			}

		}

		static class Blocking {

			@OnRequest
			void run() throws IOException {
				throw new IOException("blocking");
			}

		}

		static class Linkage {

			@OnRequest(blocking = false)
			void run() {
				throw new NoClassDefFoundError("linkage");
			}

		}

		static class BlockingLinkage {

			@OnRequest
			void run() {
				throw new NoClassDefFoundError("linkage");
			}

		}

		static class TwoAnswers {

			@OnRequest
			Flux<ResponseEntity<String>> run() {
				return Flux.just(ResponseEntity.ok("a"), ResponseEntity.ok("b"));
			}

		}

		static class Strange {

			@OnRequest
			Mono<?> run() {
				return Mono.just("strange");
			}

		}

		static class Status {

			@OnRequest
			void run() {
				throw new ResponseStatusException(HttpStatus.PAYMENT_REQUIRED);
			}

		}

	}

	static class NeedsHeader {

		@OnRequest(blocking = false)
		void run(@RequestHeader("X-Key") int key) {
			assertThat(key).isOne();
		}

	}

	static class NullMono {

		@OnRequest
		Mono<Void> run() {
			return null;
		}

	}

	static class NullWithSession {

		@OnRequest
		Mono<Void> run(WebSession session) {
			return null;
		}

	}

	static class NotesThread {

		private final List<String> threads;

		NotesThread(List<String> threads) {
			this.threads = threads;
		}

		@OnRequest
		void run() {
			this.threads.add(Thread.currentThread().getName() + " " + Thread.currentThread().getId());
		}

	}

	static class Sleeps {

		private final Duration duration;

		Sleeps(Duration duration) {
			this.duration = duration;
		}

		@OnRequest
		void run() throws InterruptedException {
			Thread.sleep(this.duration.toMillis());
		}

	}

	static class StampAndGate {

		private final Gate gate;

		StampAndGate(Gate gate) {
			this.gate = gate;
		}

		@OnRequest
		void run() {
			assertThat(Thread.currentThread().isInterrupted()).isFalse();
			this.gate.pass();
		}

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().set("x-stamp", "yes");
		}

	}

	static class StampStatus {

		@OnResponse
		void stamp(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().set("x-status", Integer.toString(status.value()));
		}

	}

	static class StampStatusLater {

		@OnResponse
		Mono<Void> stamp(ServerHttpResponse response, HttpStatusCode status) {
			return Mono.delay(Duration.ofMillis(1))
				.doOnNext((done) -> response.getHeaders().set("x-status", Integer.toString(status.value())))
				.then();
		}

	}

	static class StampStatusBlocking {

		@OnResponse(blocking = true)
		void stamp(ServerHttpResponse response, HttpStatusCode status) {
			assertThat(Thread.currentThread().getName()).startsWith("blocking");
			response.getHeaders().set("x-status", Integer.toString(status.value()));
		}

	}

	/**
	 * What a concurrent member should not do.
	 */
	abstract static class SetsStatus {

		static class InPlace extends SetsStatus {

			@OnRequest(blocking = false)
			void refuse(ServerHttpResponse response) {
				response.setStatusCode(HttpStatus.UNAUTHORIZED);
			}

		}

		static class Blocking extends SetsStatus {

			@OnRequest
			void refuse(ServerHttpResponse response) {
				response.setStatusCode(HttpStatus.UNAUTHORIZED);
			}

		}

		static class Now extends SetsStatus {

			@OnRequest
			Mono<Void> refuse(ServerHttpResponse response) {
				response.setStatusCode(HttpStatus.UNAUTHORIZED);
				return Mono.empty();
			}

		}

		static class Later extends SetsStatus {

			@OnRequest
			Mono<Void> refuse(ServerHttpResponse response) {
				return Mono.delay(Duration.ofMillis(5))
					.doOnNext((tick) -> response.setStatusCode(HttpStatus.UNAUTHORIZED))
					.then();
			}

		}

	}

	/**
	 * Waits for ever, the first time.
	 */
	static class WaitsForEver {

		final Sinks.Empty<Void> began = Sinks.empty();

		private final AtomicInteger runs = new AtomicInteger();

		@OnResponse
		Mono<Void> stamp(ServerHttpResponse response) {
			int run = this.runs.incrementAndGet();
			response.getHeaders().set("x-run", String.valueOf(run));
			return (run == 1)
					? Mono.<Void>never()
						.doOnSubscribe((subscription) -> Schedulers.parallel().schedule(this.began::tryEmitEmpty))
					: Mono.empty();
		}

	}

	static class Completes {

		@OnRequest
		Mono<Void> answer(ServerHttpResponse response) {
			return response.setComplete();
		}

	}

	static class SetsStatusAndAnswers {

		@OnRequest
		Mono<ResponseEntity<String>> refuse(ServerHttpResponse response) {
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
			return Mono.just(ResponseEntity.status(403).body("refused"));
		}

	}

	static class AnswersAndFails {

		@OnRequest(blocking = false)
		void refuse(ServerHttpResponse response) {
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
		}

		@OnResponse
		void stamp() {
			throw new IllegalStateException("stamp");
		}

	}

	static class AddsHeader {

		@OnResponse
		void add(ServerHttpResponse response) {
			response.getHeaders().add("x-added", "yes");
		}

	}

	static class StampTwice {

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().set("x-twice", "yes");
		}

	}

	static class NotesResponse {

		private final String name;

		private final List<String> order;

		NotesResponse(String name, List<String> order) {
			this.name = name;
			this.order = order;
		}

		@OnResponse
		void note() {
			this.order.add(this.name);
		}

	}

	static class NotesResponseLater {

		private final String name;

		private final List<String> order;

		NotesResponseLater(String name, List<String> order) {
			this.name = name;
			this.order = order;
		}

		@OnResponse
		Mono<Void> note() {
			return Mono.delay(Duration.ofMillis(5)).doOnNext((done) -> this.order.add(this.name)).then();
		}

	}

	static class WaitsBeforeHead {

		@OnResponse
		CompletionStage<Void> run() {
			return CompletableFuture.runAsync(() -> {
			}, CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS));
		}

	}

	static class WaitsForNothing {

		@OnResponse
		Mono<Void> run() {
			return Mono.defer(Mono::empty);
		}

	}

	static class SeesAttribute {

		@OnResponse
		void run(ServerWebExchange exchange) {
			exchange.getResponse().getHeaders().set("x-seen", exchange.getRequiredAttribute("seen"));
		}

	}

	static final class FailingResponse {

		static class Throws {

			@OnResponse
			void run() {
				throw new IllegalStateException("throws");
			}

		}

		static class Signals {

			@OnResponse
			Mono<Void> run() {
				return Mono.error(new IllegalStateException("signals"));
			}

		}

		static class SignalsLater {

			@OnResponse
			Mono<Void> run() {
				return Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("signals")));
			}

		}

		static class Blocking {

			@OnResponse(blocking = true)
			void run() throws IOException {
				throw new IOException("blocking");
			}

		}

		static class Linkage {

			@OnResponse
			void run() {
				throw new NoClassDefFoundError("linkage");
			}

		}

		static class Null {

			@OnResponse
			Mono<Void> run() {
				return null;
			}

		}

	}

}
