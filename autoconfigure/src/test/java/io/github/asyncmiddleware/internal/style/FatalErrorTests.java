package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for hooks that fail with an error of the virtual machine, off the event loop or
 * behind something to wait for, over sockets.
 */
class FatalErrorTests {

	private final RecordingListener listener = new RecordingListener();

	private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();

	private final ExecutorService executor = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "blocking");
		thread.setUncaughtExceptionHandler((failed, ex) -> this.uncaught.add(ex));
		return thread;
	});

	private final Offloader offloader = new Offloader(this.executor, 4, 16);

	private final AtomicInteger handled = new AtomicInteger();

	private final WebHandler handler = (exchange) -> {
		this.handled.incrementAndGet();
		return exchange.getResponse()
			.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap("handled".getBytes())));
	};

	/**
	 * A permit that the next call may share is given back after the result of the call
	 * was emitted, so the client can have its answer before.
	 */
	@AfterEach
	void nothingIsLeft() throws InterruptedException {
		this.executor.shutdownNow();
		assertThat(this.executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.uncaught).isEmpty();
		assertThat(this.offloader.active()).isZero();
		assertThat(this.offloader.queued()).isZero();
		assertThat(this.offloader.offers()).isZero();
	}

	static List<Arguments> chains() {
		VirtualMachineError overflow = new StackOverflowError("test");
		VirtualMachineError memory = new OutOfMemoryError("test");
		return List.of(Arguments.of(List.of(new Blocks(null), new Blocks(overflow))),
				Arguments.of(List.of(new Blocks(overflow), new Blocks(null))),
				Arguments.of(List.of(new Blocks(overflow), new Blocks(overflow))),
				Arguments.of(List.of(new Blocks(null), new Blocks(memory))),
				Arguments.of(List.of(new Blocks(null), new Blocks(overflow), new Waits(), new Waits())),
				Arguments.of(List.of(new Blocks(null), new Session(overflow))),
				Arguments.of(List.of(new Blocks(null), new InPlaceSession(overflow))),
				Arguments.of(List.of(new Waits(), new Waits(), new Blocks(null), new Blocks(overflow))));
	}

	@ParameterizedTest
	@MethodSource("chains")
	void skippedTheRequestGoesOnWithoutIt(List<Object> beans) throws Exception {
		try (WireServer server = new WireServer(chain(OnFailure.SKIP, beans).build())) {
			for (int i = 0; i < 10; i++) {
				assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 200 ").endsWith("handled");
				assertThat(this.listener.take().results()).containsExactlyElementsOf(expected(beans));
			}
		}
		assertThat(this.handled).hasValue(10);
	}

	@ParameterizedTest
	@MethodSource("chains")
	void otherwiseTheRequestFailsAndEnds(List<Object> beans) throws Exception {
		try (WireServer server = new WireServer(chain(OnFailure.FAIL, beans).build())) {
			for (int i = 0; i < 10; i++) {
				assertThat(server.exchange("GET /")).matches("(?s)|HTTP/1.1 500 .*");
				this.listener.take();
			}
		}
		assertThat(this.handled).hasValue(0);
	}

	@Test
	void beforeTheHeadTheResponseGoesOutWithoutIt() throws Exception {
		TestChain chain = chain(OnFailure.FAIL,
				List.of(new Response(null), new Response(new StackOverflowError("test"))));
		try (WireServer server = new WireServer(chain.build())) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 200 ").endsWith("handled");
			assertThat(this.listener.take().results()).containsExactly("0 PASSED", "1 FAILED_OPEN");
		}
	}

	static List<Arguments> answers() {
		return List.of(Arguments.of("blocks", new AnswersBlocking()), Arguments.of("waits", new AnswersLater()),
				Arguments.of("in place", new AnswersInPlace()));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("answers")
	void anAnswerThatCannotBeLinkedFailsTheRequest(String name, Object bean) throws Exception {
		try (WireServer server = new WireServer(chain(OnFailure.FAIL, List.of(bean)).build())) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 500 ");
			assertThat(this.listener.take().results()).containsExactly("0 FAILED");
		}
		assertThat(this.handled).hasValue(0);
	}

	@Test
	void oneOfAGroupTooIfItsAnswerCannotBeLinked() throws Exception {
		try (WireServer server = new WireServer(
				chain(OnFailure.FAIL, List.of(new AnswersConcurrently(), new Waits())).build())) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 500 ");
			this.listener.take();
		}
		assertThat(this.handled).hasValue(0);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void anAwaitingOneTooIfItsAnswerCannotBeLinked(boolean waits) throws Exception {
		HandlerFilterFunction<LiveResponse, ServerResponse> function = (request, next) -> waits
				? Mono.delay(Duration.ofMillis(5)).map((tick) -> new Unlinked(false)) : Mono.just(new Unlinked(false));
		MiddlewareCode code = new AwaitFilter(function, HandlerStrategies.withDefaults()::messageReaders,
				() -> AwaitFilterTests.CONTEXT)
			.toCode();
		TestChain chain = new TestChain().listener(this.listener)
			.quietErrors()
			.handler(this.handler)
			.middleware("0", code);
		try (WireServer server = new WireServer(chain.build())) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 500 ");
			assertThat(this.listener.take().results()).containsExactly("0 FAILED");
		}
		assertThat(this.handled).hasValue(0);
	}

	private static List<String> expected(List<Object> beans) {
		return IntStream.range(0, beans.size())
			.mapToObj((i) -> i
					+ ((beans.get(i) instanceof Fails fails && fails.fatal != null) ? " FAILED_OPEN" : " PASSED"))
			.toList();
	}

	private TestChain chain(OnFailure onFailure, List<Object> beans) {
		TestChain chain = new TestChain().listener(this.listener).quietErrors().handler(this.handler);
		for (int i = 0; i < beans.size(); i++) {
			chain.middleware(String.valueOf(i), onFailure, code(beans.get(i)));
		}
		return chain;
	}

	private MiddlewareCode code(Object bean) {
		return HookCodes.of(bean, bean instanceof Grouped, () -> this.offloader);
	}

	abstract static class Fails {

		private final VirtualMachineError fatal;

		Fails(VirtualMachineError fatal) {
			this.fatal = fatal;
		}

		void fail() {
			if (this.fatal != null) {
				throw this.fatal;
			}
		}

		@Override
		public String toString() {
			return getClass().getSimpleName() + ((this.fatal != null) ? " " + this.fatal : "");
		}

	}

	static class Blocks extends Fails {

		Blocks(VirtualMachineError fatal) {
			super(fatal);
		}

		@OnRequest
		void run() {
			fail();
		}

	}

	static class Session extends Fails {

		Session(VirtualMachineError fatal) {
			super(fatal);
		}

		@OnRequest
		void run(WebSession session) {
			fail();
		}

	}

	static class InPlaceSession extends Fails {

		InPlaceSession(VirtualMachineError fatal) {
			super(fatal);
		}

		@OnRequest(blocking = false)
		void run(WebSession session) {
			fail();
		}

	}

	static class Response extends Fails {

		Response(VirtualMachineError fatal) {
			super(fatal);
		}

		@OnResponse(blocking = true)
		void run() {
			fail();
		}

	}

	/**
	 * A response whose writer lacks a class.
	 *
	 * @param subscribed whether it is missed when the writing begins, and not before
	 */
	record Unlinked(boolean subscribed) implements ServerResponse {

		@Override
		public HttpStatusCode statusCode() {
			return HttpStatus.FORBIDDEN;
		}

		@Override
		public HttpHeaders headers() {
			return HttpHeaders.EMPTY;
		}

		@Override
		public MultiValueMap<String, ResponseCookie> cookies() {
			return new LinkedMultiValueMap<>();
		}

		@Override
		public Mono<Void> writeTo(ServerWebExchange exchange, Context context) {
			if (!this.subscribed) {
				throw new NoClassDefFoundError("test");
			}
			return Mono.fromRunnable(() -> {
				throw new NoClassDefFoundError("test");
			});
		}

	}

	static class AnswersBlocking {

		@OnRequest
		ServerResponse answer() {
			return new Unlinked(false);
		}

	}

	static class AnswersLater {

		@OnRequest
		Mono<ServerResponse> answer() {
			return Mono.delay(Duration.ofMillis(5)).map((tick) -> new Unlinked(true));
		}

	}

	static class AnswersInPlace {

		@OnRequest(blocking = false)
		ServerResponse answer() {
			return new Unlinked(true);
		}

	}

	/**
	 * May be one of a group.
	 */
	interface Grouped {

	}

	static class AnswersConcurrently implements Grouped {

		@OnRequest
		Mono<ServerResponse> answer() {
			return Mono.delay(Duration.ofMillis(5)).map((tick) -> new Unlinked(true));
		}

	}

	static class Waits implements Grouped {

		@OnRequest
		Mono<Void> run() {
			return Mono.delay(Duration.ofMillis(5)).then();
		}

		@Override
		public String toString() {
			return "Waits";
		}

	}

}
