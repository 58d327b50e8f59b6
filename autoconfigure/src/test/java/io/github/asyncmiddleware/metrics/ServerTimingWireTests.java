package io.github.asyncmiddleware.metrics;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TimingHeader;
import io.github.asyncmiddleware.testsupport.WireApplication;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerTiming} on every kind of response, on real sockets, where nobody
 * else measures.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ServerTimingWireTests {

	/** What the group waits for at least, in microseconds. */
	private static final long WAIT = 1_000;

	private WireApplication application;

	private WireServer server;

	private WireServer bare;

	private Path file;

	@BeforeAll
	void start(@TempDir Path directory) throws IOException {
		this.file = directory.resolve("file.txt");
		Files.writeString(this.file, "0123456789".repeat(5_000));
		this.application = new WireApplication(this.file);
		TestChain chain = chain();
		this.server = serve(chain, this.application.handler());
		this.bare = new WireServer(chain.buildBare(this.application.handler()));
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.bare.close();
		this.application.close();
	}

	@ParameterizedTest
	@CsvSource({ "GET /mono, 200", "GET /other-thread, 200", "GET /flux, 200", "GET /sse, 200", "GET /empty, 200",
			"GET /no-content, 204", "GET /redirect, 302", "GET /file, 200", "GET /advice, 418", "HEAD /mono, 200",
			"HEAD /flux, 200", "HEAD /sse, 200", "HEAD /file, 200", "HEAD /no-content, 204", "OPTIONS /mono, 200",
			"GET /commit-action, 200", "GET /eager, 200", "GET /unknown, 404", "GET /fails, 500", "GET /throws, 500",
			"DELETE /mono, 405", "HEAD /unknown, 404", "GET /failing-commit-action, 500" })
	void isOnEveryResponseOnceAndChangesNothingElse(String requestLine, int status) throws Exception {
		String response = this.server.exchange(requestLine);
		assertThat(response).startsWith("HTTP/1.1 " + status + " ");
		List<String> values = TimingHeader.of(response);
		assertThat(values).hasSize(1);
		assertThat(TimingHeader.without(response, values.get(0))).isEqualTo(this.bare.exchange(requestLine));
		TimingHeader header = TimingHeader.parse(values.get(0));
		assertThat(header.names()).containsExactly("outer", "a", "b", "inner", "app", "total");
		assertThat(header.sum()).isEqualTo(header.get("total"));
		assertThat(header.get("a") + header.get("b")).isGreaterThanOrEqualTo(WAIT);
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /not-modified", "HEAD /not-modified" })
	void isNotOnAnAnswerThatCachesMerge(String requestLine) throws Exception {
		String response = this.server.exchange(requestLine);
		assertThat(response).startsWith("HTTP/1.1 304 ").isEqualTo(this.bare.exchange(requestLine));
		assertThat(TimingHeader.of(response)).isEmpty();
	}

	@Test
	void isNotOnAnUpgrade() throws Exception {
		try (Socket socket = this.server.open()) {
			WireServer.send(socket, "GET /ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
					"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
			String response = WireServer.readUntil(socket, "\r\n\r\n");
			assertThat(response).startsWith("HTTP/1.1 101 ");
			assertThat(TimingHeader.of(response)).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/endless-flux", "/endless-sse", "/endless-group" })
	void isThereBeforeAStreamEnds(String path) throws Exception {
		try (Socket socket = this.server.open()) {
			WireServer.send(socket, "GET " + path);
			String response = WireServer.readUntil(socket, "\r\n\r\n");
			assertThat(TimingHeader.of(response)).hasSize(1);
			WireServer.reset(socket);
		}
	}

	@ParameterizedTest
	@CsvSource({ "answer, 401", "fail, 500", "throw, 500" })
	void isOnWhatAMiddlewareAnswers(String behaviour, int status) throws Exception {
		String response = this.server.exchange("GET /mono", "X-Behave: " + behaviour);
		assertThat(response).startsWith("HTTP/1.1 " + status + " ");
		List<String> values = TimingHeader.of(response);
		assertThat(values).hasSize(1);
		TimingHeader header = TimingHeader.parse(values.get(0));
		assertThat(header.names()).containsExactly("outer", "a", "b", "inner", "app", "total");
		assertThat(header.sum()).isEqualTo(header.get("total"));
	}

	@Test
	void isOnEachResponseOfAConnection() throws Exception {
		try (Socket socket = this.server.open()) {
			for (int i = 0; i < 50; i++) {
				WireServer.send(socket, "GET /no-content", "Connection: keep-alive");
				assertThat(TimingHeader.of(WireServer.readUntil(socket, "\r\n\r\n"))).hasSize(1);
			}
		}
	}

	@Test
	void isOnAFileThatTheServerSendsByItself() throws Exception {
		try (WireServer zeroCopy = serve(chain(),
				(exchange) -> ((ZeroCopyHttpOutputMessage) exchange.getResponse()).writeWith(this.file, 10, 20))) {
			String response = zeroCopy.exchange("GET /");
			assertThat(response).endsWith("\r\n14\r\n01234567890123456789\r\n0\r\n\r\n");
			assertThat(TimingHeader.of(response)).hasSize(1);
		}
	}

	@Test
	void standsBesideWhatTheHandlerHasSet() throws Exception {
		try (WireServer own = serve(chain(), (exchange) -> {
			exchange.getResponse().getHeaders().set("Server-Timing", "db;dur=3;desc=\"query\"");
			return exchange.getResponse().setComplete();
		})) {
			List<String> values = TimingHeader.of(own.exchange("GET /"));
			assertThat(values).hasSize(2).startsWith("db;dur=3;desc=\"query\"");
			assertThat(TimingHeader.parse(values.get(1)).names()).endsWith("app", "total");
		}
	}

	@Test
	void staysSmallWithManyMiddlewaresOfOddNames() throws Exception {
		TestChain many = new TestChain();
		for (int i = 0; i < 100; i++) {
			many.middleware("\r\nSet-Cookie: x=\u00E4" + "n".repeat(i), (exchange, next) -> next.filter(exchange));
		}
		try (WireServer odd = serve(many, (exchange) -> exchange.getResponse().setComplete())) {
			String response = odd.exchange("GET /");
			assertThat(response).startsWith("HTTP/1.1 200 ").doesNotContain("Set-Cookie: ");
			List<String> values = TimingHeader.of(response);
			assertThat(values).hasSize(1);
			assertThat(values.get(0)).hasSizeLessThanOrEqualTo(1024);
			TimingHeader header = TimingHeader.parse(values.get(0));
			assertThat(header.names()).hasSize(16).endsWith("other", "app", "total");
			assertThat(header.sum()).isEqualTo(header.get("total"));
		}
	}

	private static TestChain chain() {
		return new TestChain().middleware("outer", (exchange, next) -> next.filter(exchange))
			.middleware("a", waiting())
			.middleware("b", waiting())
			.foreign("foreign", (exchange, next) -> next.filter(exchange))
			.middleware("inner", ServerTimingWireTests::behave);
	}

	private static WireServer serve(TestChain chain, WebHandler handler) {
		return new WireServer(chain.headDecorator(ServerTiming.detailed(chain.middlewares())).build(handler));
	}

	private static MiddlewareCode waiting() {
		Duration wait = Duration.ofNanos(WAIT * 1000);
		return new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP,
				(exchange, next) -> Mono.delay(wait).then(next.filter(exchange)),
				(exchange, context, beginning) -> Mono.delay(wait).then(Mono.empty()), null);
	}

	private static Mono<Void> behave(ServerWebExchange exchange, WebFilterChain next) {
		String behaviour = exchange.getRequest().getHeaders().getFirst("X-Behave");
		if (behaviour == null) {
			return next.filter(exchange);
		}
		return switch (behaviour) {
			case "answer" -> {
				exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
				yield exchange.getResponse().setComplete();
			}
			case "fail" -> Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("fail")));
			case "throw" -> throw new IllegalStateException("throw");
			default -> throw new IllegalArgumentException(behaviour);
		};
	}

}
