package io.github.asyncmiddleware.internal.run;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireApplication;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every way a request can end, on real sockets: what is recorded, and that the bytes are
 * those of Spring alone.
 */
@TestInstance(Lifecycle.PER_CLASS)
class WireTests {

	private static final List<String> PASSED = List.of("outer PASSED", "operators PASSED", "waits PASSED",
			"inner PASSED");

	private final RecordingListener listener = new RecordingListener();

	private WireApplication application;

	private WireServer server;

	private WireServer bare;

	private Path file;

	@BeforeAll
	void start(@TempDir Path directory) throws IOException {
		this.file = directory.resolve("file.txt");
		Files.writeString(this.file, "0123456789".repeat(5_000));
		this.application = new WireApplication(this.file);
		WebHandler handler = this.application.handler();
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("outer", (exchange, next) -> next.filter(exchange))
			.middleware("operators", (exchange, next) -> next.filter(exchange).doFinally((signal) -> {
			}))
			.foreign("foreign", (exchange, next) -> next.filter(exchange))
			.middleware("waits", (exchange, next) -> Mono.delay(Duration.ofMillis(1)).then(next.filter(exchange)))
			.middleware("inner", WireTests::misbehave);
		this.server = new WireServer(chain.build(handler));
		this.bare = new WireServer(chain.buildBare(handler));
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.bare.close();
		this.application.close();
	}

	@AfterEach
	void everyRecordIsAccountedFor() {
		boolean accounted = this.listener.isEmpty();
		this.listener.clear();
		assertThat(accounted).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "GET /mono, 200", "GET /flux, 200", "GET /sse, 200", "GET /empty, 200", "GET /no-content, 204",
			"GET /not-modified, 304", "GET /redirect, 302", "GET /file, 200", "GET /advice, 418", "HEAD /mono, 200",
			"HEAD /flux, 200", "HEAD /sse, 200", "HEAD /file, 200", "HEAD /no-content, 204", "OPTIONS /mono, 200",
			"GET /commit-action, 200", "GET /eager, 200" })
	void recordsAnAnswer(String requestLine, int status) throws Exception {
		assertComplete(requestLine, status, RequestResult.OK);
	}

	@ParameterizedTest
	@CsvSource({ "GET /unknown, 404", "GET /fails, 500", "GET /throws, 500", "DELETE /mono, 405", "HEAD /unknown, 404",
			"GET /failing-commit-action, 500" })
	void recordsAnErrorPage(String requestLine, int status) throws Exception {
		assertComplete(requestLine, status, RequestResult.ERROR_PAGE);
	}

	private void assertComplete(String requestLine, int status, RequestResult result) throws Exception {
		String response = this.server.exchange(requestLine);
		assertThat(response).startsWith("HTTP/1.1 " + status + " ");
		assertThat(response).isEqualTo(this.bare.exchange(requestLine));
		int heads = this.listener.heads();
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(result);
		assertThat(record.status()).isEqualTo(status);
		assertThat(record.results()).isEqualTo(PASSED);
		assertAddsUp(record);
		assertThat(this.listener.heads()).isGreaterThanOrEqualTo(heads);
	}

	private static void assertAddsUp(RecordedRequest record) {
		assertThat(record.head()).isTrue();
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
		assertThat(record.ttfb()).isGreaterThanOrEqualTo(record.steps().get(0).ttfb());
		assertThat(record.steps().get(2).own()).as("own time of the one that waits")
			.isGreaterThanOrEqualTo(Duration.ofMillis(1).toNanos());
	}

	@Test
	void keepsTheBytesOfManyPipelinedRequests() throws Exception {
		Random random = new Random(7);
		List<String> lines = List.of("GET /mono", "GET /flux", "GET /file", "GET /no-content", "HEAD /mono");
		StringBuilder sent = new StringBuilder();
		for (int i = 0; i < 50; i++) {
			sent.append(lines.get(random.nextInt(lines.size()))).append(" HTTP/1.1\r\nHost: test\r\n\r\n");
		}
		sent.append("GET /redirect HTTP/1.1\r\nHost: test\r\n\r\n");
		assertThat(pipelined(this.server, sent, "Location: /mono"))
			.isEqualTo(pipelined(this.bare, sent, "Location: /mono"));
		for (int i = 0; i < 51; i++) {
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.OK);
			assertThat(record.results()).isEqualTo(PASSED);
		}
	}

	private static String pipelined(WireServer server, StringBuilder requests, String until) throws IOException {
		try (Socket socket = server.open()) {
			socket.getOutputStream().write(requests.toString().getBytes(StandardCharsets.ISO_8859_1));
			return WireServer.readUntil(socket, until);
		}
	}

	@ParameterizedTest
	@CsvSource({ "answer, 401, OK, ANSWERED", "empty, 200, OK, ANSWERED", "fail, 500, ERROR_PAGE, FAILED",
			"throw, 500, ERROR_PAGE, FAILED", "null, 500, ERROR_PAGE, MISUSED", "linkage, 500, ERROR_PAGE, FAILED",
			"recover, 203, OK, PASSED", "again, 200, OK, PASSED" })
	void recordsWhatAMiddlewareDoes(String behaviour, int status, RequestResult result, MiddlewareResult own)
			throws Exception {
		String response = this.server.exchange("GET /mono", "X-Behave: " + behaviour);
		assertThat(response).startsWith("HTTP/1.1 " + status + " ");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(result);
		assertThat(record.status()).isEqualTo(status);
		assertThat(record.results()).containsExactly("outer PASSED", "operators PASSED", "waits PASSED",
				"inner " + own);
		assertAddsUp(record);
	}

	@Test
	void answersTheNextRequestOfAConnectionAfterAnErrorPage() throws Exception {
		StringBuilder requests = new StringBuilder();
		requests.append("GET /throws HTTP/1.1\r\nHost: test\r\n\r\n");
		requests.append("GET /mono HTTP/1.1\r\nHost: test\r\n\r\n");
		String answers = pipelined(this.server, requests, "mono");
		assertThat(answers).startsWith("HTTP/1.1 500 ").isEqualTo(pipelined(this.bare, requests, "mono"));
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.OK);
	}

	@Test
	void recordsAClientThatLeavesDuringABodyBehindAnEmptyOne() throws Exception {
		HttpHandler handler = new TestChain().listener(this.listener)
			.middleware("a", (exchange, next) -> next.filter(exchange))
			.build((exchange) -> {
				ServerHttpResponse response = exchange.getResponse();
				Flux<DataBuffer> ticks = Flux.interval(Duration.ofMillis(5))
					.onBackpressureDrop()
					.map((tick) -> response.bufferFactory().wrap("tick".getBytes()));
				return response.writeWith(Mono.empty())
					.then(Mono.defer(() -> response.writeAndFlushWith(ticks.map(Mono::just))));
			});
		try (WireServer ticking = new WireServer(handler)) {
			Socket socket = ticking.open();
			WireServer.send(socket, "GET /");
			WireServer.readUntil(socket, "tick");
			WireServer.reset(socket);
			assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
		}
	}

	@Test
	void recordsAClientThatLeavesDuringAFile() throws Exception {
		Path large = this.file.resolveSibling("large.bin");
		try (java.io.RandomAccessFile content = new java.io.RandomAccessFile(large.toFile(), "rw")) {
			content.setLength(64L * 1024 * 1024);
		}
		HttpHandler handler = new TestChain().listener(this.listener)
			.middleware("a", (exchange, next) -> next.filter(exchange))
			.build((exchange) -> ((ZeroCopyHttpOutputMessage) exchange.getResponse()).writeWith(large, 0,
					64L * 1024 * 1024));
		try (WireServer files = new WireServer(handler)) {
			Socket socket = files.open();
			WireServer.send(socket, "GET /");
			WireServer.readUntil(socket, "\r\n\r\n");
			WireServer.reset(socket);
			assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
		}
	}

	@Test
	void closesTheConnectionAfterAFatalError() throws Exception {
		HttpHandler handler = new TestChain().listener(this.listener)
			.middleware("outer", (exchange, next) -> next.filter(exchange).doFinally((signal) -> {
			}))
			.middleware("broken", (exchange, next) -> {
				throw new StackOverflowError("simulated");
			})
			.build((exchange) -> exchange.getResponse().setComplete());
		try (WireServer fatal = new WireServer(handler)) {
			assertThat(fatal.exchange("GET /")).isEmpty();
		}
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.FATAL);
		assertThat(record.head()).isFalse();
		assertThat(record.results()).containsExactly("outer PASSED", "broken FAILED");
	}

	@Test
	void neverMakesATruncatedBodyLookComplete() throws Exception {
		for (int i = 0; i < 200; i++) {
			String response = this.server.exchange("GET /flux-fails");
			assertThat(response).startsWith("HTTP/1.1 200 OK").doesNotContain("\r\n0\r\n");
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.CUT);
			assertThat(record.results()).isEqualTo(PASSED);
			assertAddsUp(record);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "swallow", "retry" })
	void neverMakesATruncatedBodyLookCompleteWhateverIsMadeOfTheError(String behaviour) throws Exception {
		for (String path : List.of("/flux-fails", "/group-fails")) {
			String response = this.server.exchange("GET " + path, "X-Behave: " + behaviour);
			assertThat(response).startsWith("HTTP/1.1 200 OK").doesNotContain("\r\n0\r\n");
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.CUT);
			assertThat(record.results()).isEqualTo(PASSED);
		}
	}

	@Test
	void aBodyThatHasFailedUnsentDoesNotCutTheErrorPage() throws Exception {
		HttpHandler handler = new TestChain().listener(this.listener)
			.middleware("a", (exchange, next) -> next.filter(exchange))
			.exceptionHandler((exchange, ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.INTERNAL_SERVER_ERROR);
				return exchange.getResponse().writeWith(Mono.just(buffer("page")));
			})
			.build((exchange) -> {
				exchange.getResponse()
					.beforeCommit(() -> Mono.delay(Duration.ofMillis(1))
						.then(Mono.error(new IllegalStateException("commit"))));
				return exchange.getResponse()
					.writeWith(Flux.just(buffer("body")).concatWith(Mono.error(new IllegalStateException("body"))));
			});
		try (WireServer failing = new WireServer(handler)) {
			assertThat(failing.exchange("GET /")).startsWith("HTTP/1.1 500 ").endsWith("\r\n\r\npage");
		}
		assertThat(this.listener.take().result()).isEqualTo(RequestResult.ERROR_PAGE);
	}

	@Test
	void recordsAMiddlewareThatFailsAfterTheHead() throws Exception {
		this.server.exchange("GET /flux", "X-Behave: fail-late");
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.CUT);
		assertThat(record.results()).containsExactly("outer PASSED", "operators PASSED", "waits PASSED",
				"inner FAILED");
	}

	@Test
	void recordsAClientThatLeavesBeforeTheHead() throws Exception {
		Socket socket = this.server.open();
		WireServer.send(socket, "GET /stuck");
		this.application.endpoints().awaitStuck();
		WireServer.reset(socket);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.head()).isFalse();
		assertThat(record.results()).isEqualTo(PASSED);
	}

	@Test
	void recordsAClientThatLeavesWhileAMiddlewareIsAtWork() throws Exception {
		Socket socket = this.server.open();
		WireServer.send(socket, "GET /mono", "X-Behave: stuck");
		STUCK.acquire();
		WireServer.reset(socket);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.results()).containsExactly("outer PASSED", "operators PASSED", "waits PASSED",
				"inner CANCELLED");
	}

	@ParameterizedTest
	@CsvSource({ "/endless-flux", "/endless-sse", "/endless-group" })
	void recordsAClientThatLeavesDuringTheBody(String path) throws Exception {
		int heads = this.listener.heads();
		Socket socket = this.server.open();
		WireServer.send(socket, "GET " + path);
		WireServer.readUntil(socket, "tick");
		// At once, but the client can have it a moment before
		Awaitility.await().untilAsserted(() -> assertThat(this.listener.heads()).isEqualTo(heads + 1));
		WireServer.reset(socket);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_AFTER_HEAD);
		assertThat(record.results()).isEqualTo(PASSED);
		assertThat(this.listener.heads()).isEqualTo(heads + 1);
	}

	@Test
	void recordsAnUpgradeAtItsHandshake() throws Exception {
		try (Socket socket = this.server.open()) {
			WireServer.send(socket, "GET /ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
					"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
			assertThat(WireServer.readUntil(socket, "\r\n\r\n")).startsWith("HTTP/1.1 101 ")
				.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.UPGRADED);
			assertThat(record.status()).isEqualTo(101);
			assertThat(record.results()).isEqualTo(PASSED);
			assertAddsUp(record);
			InputStream input = socket.getInputStream();
			assertThat(new String(input.readNBytes(7), StandardCharsets.ISO_8859_1)).endsWith("hello");
		}
	}

	@Test
	void recordsAnswersOfOtherThreadsAsAnswers() throws Exception {
		int requests = 5_000;
		for (int i = 0; i < requests; i++) {
			// One for each, as Reactor Netty can forget a connection whose next request
			// comes before the last has ended (reactor-netty#4361)
			try (Socket socket = this.server.open()) {
				WireServer.send(socket, "GET /other-thread", "Connection: close");
				assertThat(WireServer.readAll(socket)).contains("mono");
			}
		}
		for (int i = 0; i < requests; i++) {
			assertThat(this.listener.take().result()).isEqualTo(RequestResult.OK);
		}
	}

	@Test
	void keepsZeroCopy() throws Exception {
		AtomicInteger zeroCopy = new AtomicInteger();
		HttpHandler handler = new TestChain().listener(this.listener)
			.middleware("a", (exchange, next) -> next.filter(exchange))
			.build((exchange) -> {
				ZeroCopyHttpOutputMessage message = (ZeroCopyHttpOutputMessage) exchange.getResponse();
				zeroCopy.incrementAndGet();
				return message.writeWith(this.file, 10, 20);
			});
		try (WireServer zero = new WireServer(handler)) {
			assertThat(zero.exchange("GET /")).endsWith("\r\n14\r\n01234567890123456789\r\n0\r\n\r\n");
		}
		assertThat(zeroCopy).hasValue(1);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("a PASSED");
	}

	private static final java.util.concurrent.Semaphore STUCK = new java.util.concurrent.Semaphore(0);

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	private static Mono<Void> misbehave(ServerWebExchange exchange,
			org.springframework.web.server.WebFilterChain next) {
		String behaviour = exchange.getRequest().getHeaders().getFirst("X-Behave");
		if (behaviour == null) {
			return next.filter(exchange);
		}
		return switch (behaviour) {
			case "answer" -> {
				exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
				yield exchange.getResponse().setComplete();
			}
			case "empty" -> {
				exchange.getResponse().setStatusCode(HttpStatus.OK);
				yield Mono.empty();
			}
			case "fail" -> Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("fail")));
			case "throw" -> throw new IllegalStateException("throw");
			case "null" -> null;
			case "linkage" -> throw new NoClassDefFoundError("linkage");
			case "retry" -> next.filter(exchange).onErrorResume((ex) -> next.filter(exchange));
			case "swallow" -> next.filter(exchange).onErrorResume((ex) -> Mono.empty());
			case "recover" -> next.filter(exchange)
				.then(Mono.<Void>error(new IllegalStateException("ignored")))
				.onErrorResume((ex) -> Mono.empty())
				.doFirst(() -> exchange.getResponse().beforeCommit(() -> {
					exchange.getResponse().setStatusCode(HttpStatus.NON_AUTHORITATIVE_INFORMATION);
					return Mono.empty();
				}));
			case "again" -> next.filter(exchange).then(next.filter(exchange));
			case "fail-late" -> next.filter(exchange).then(Mono.error(new IllegalStateException("late")));
			case "stuck" -> Mono.<Void>never().doOnSubscribe((subscription) -> STUCK.release());
			default -> throw new IllegalArgumentException(behaviour);
		};
	}

}
