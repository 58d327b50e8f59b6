package io.github.asyncmiddleware.wire;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a WebSocket behind a middleware that awaits the response: the handshake is
 * that response, so it has what the middleware adds to it, and there is none without the
 * consent of the middleware.
 */
class AwaitedSocketsTests {

	private static final int TIMES = 10;

	private static final String[] WEB_SOCKET = { "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" };

	/** The text "hi", masked with zeros. */
	private static final String FRAME = "\u0081\u0082\0\0\0\0hi";

	private static final String ECHO = "\u0081\u0002hi";

	@ParameterizedTest
	@EnumSource
	void onReactorNetty(Judge judge) {
		check(Server.REACTOR_NETTY, judge, WEB_SOCKET);
	}

	/**
	 * Reactor Netty makes handshakes of drafts, too.
	 */
	@ParameterizedTest
	@EnumSource(names = { "CONSENTS_LATER", "REFUSES_LATER" })
	void onReactorNettyWithTheVersionOfADraft(Judge judge) {
		String[] headers = WEB_SOCKET.clone();
		headers[2] = "Sec-WebSocket-Version: 8";
		check(Server.REACTOR_NETTY, judge, headers);
	}

	/**
	 * Not where the handshake goes on on another thread: without the starter, too, Tomcat
	 * was seen to close the connection then, see docs/reliability.md.
	 */
	@Tag("servers")
	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CONSENTS_LATER")
	void onTomcat(Judge judge) {
		check(Server.TOMCAT, judge, WEB_SOCKET);
	}

	@Tag("servers")
	@ParameterizedTest
	@EnumSource
	void onJetty(Judge judge) {
		check(Server.JETTY, judge, WEB_SOCKET);
	}

	private static void check(Server kind, Judge judge, String[] headers) {
		try (BootServer server = BootServer.start(List.of(App.class), kind.property(), "wire.server=" + kind,
				"wire.judge=" + judge, "server.http2.enabled=" + kind.speaksHttp2(), "logging.level.root=off")) {
			AtomicInteger sessions = server.bean(AtomicInteger.class);
			for (int i = 1; i <= TIMES; i++) {
				Records before = server.records();
				try (Http1Client client = new Http1Client(server.port())) {
					Answer answer = client.sendNext("GET", "/socket", headers);
					assertThat(answer.status()).isEqualTo(judge.status);
					if (judge.status == 101) {
						assertIsWhole(answer.headers(), client);
					}
				}
				assertThat(sessions).hasValue((judge.status == 101) ? i : 0);
				Patience.await()
					.untilAsserted(() -> assertThat(server.records().since(before).withoutAll("blocked ").all())
						.containsExactlyInAnyOrderElementsOf(judge.records()));
			}
		}
	}

	private static void assertIsWhole(HttpHeaders headers, Http1Client client) {
		assertThat(headers.getFirst("X")).isEqualTo("1");
		assertThat(headers.getFirst("Hook")).isEqualTo("101 SWITCHING_PROTOCOLS");
		assertThat(headers.getFirst(HttpHeaders.SET_COOKIE)).isEqualTo("commit=action");
		client.write(FRAME);
		assertThat(new String(client.readBytes(ECHO.length()), StandardCharsets.ISO_8859_1)).isEqualTo(ECHO);
	}

	/**
	 * What the middleware does with the handshake.
	 */
	enum Judge {

		CONSENTS_AT_ONCE(101, "passed", (request, next) -> next.handle(request).<ServerResponse>map(Judge::withHeader)),

		CONSENTS_LATER(101, "passed", (request,
				next) -> next.handle(request).delayUntil((response) -> later()).<ServerResponse>map(Judge::withHeader)),

		REFUSES_AT_ONCE(403, "passed", (request, next) -> next.handle(request).flatMap((response) -> answer(403))),

		REFUSES_LATER(403, "passed", (request,
				next) -> next.handle(request).delayUntil((response) -> later()).flatMap((response) -> answer(403))),

		ANSWERS_AT_ONCE(200, "passed", (request, next) -> next.handle(request).flatMap((response) -> answer(200))),

		ANSWERS_LATER(200, "passed", (request,
				next) -> next.handle(request).delayUntil((response) -> later()).flatMap((response) -> answer(200))),

		FAILS_AT_ONCE(500, "failed",
				(request, next) -> next.handle(request)
					.flatMap((response) -> Mono.error(new IllegalStateException("fails")))),

		FAILS_LATER(500, "failed",
				(request, next) -> next.handle(request)
					.delayUntil((response) -> later())
					.flatMap((response) -> Mono.error(new IllegalStateException("fails")))),

		SETS_A_STATUS_AT_ONCE(403, "passed",
				(request, next) -> next.handle(request).<ServerResponse>map(Judge::withStatus)),

		SETS_A_STATUS_LATER(403, "passed", (request,
				next) -> next.handle(request).delayUntil((response) -> later()).<ServerResponse>map(Judge::withStatus));

		private final int status;

		private final String result;

		private final HandlerFilterFunction<LiveResponse, ServerResponse> function;

		Judge(int status, String result, HandlerFilterFunction<LiveResponse, ServerResponse> function) {
			this.status = status;
			this.result = result;
			this.function = function;
		}

		private static Mono<?> later() {
			return Mono.delay(Duration.ofMillis(5));
		}

		private static Mono<ServerResponse> answer(int status) {
			return ServerResponse.status(status).build();
		}

		private static LiveResponse withHeader(LiveResponse response) {
			response.headers().set("X", "1");
			return response;
		}

		private static LiveResponse withStatus(LiveResponse response) {
			response.setStatusCode(HttpStatus.FORBIDDEN);
			return response;
		}

		private List<String> records() {
			HttpStatus.Series series = HttpStatus.Series.valueOf(this.status);
			String outcome = (series == HttpStatus.Series.SUCCESSFUL) ? "SUCCESS" : series.name();
			String request = switch (this.status) {
				case 101 -> "upgraded";
				case 500 -> "error_page";
				default -> "ok";
			};
			List<String> records = new ArrayList<>(
					List.of("requests " + request, "request.ttfb " + this.status, "own judges " + this.result));
			for (String other : List.of("stamps", "passes", "awaits")) {
				records.add("own " + other + " passed");
			}
			for (String any : List.of("stamps", "judges", "passes", "awaits")) {
				records.add("ttfb " + any + " " + outcome);
			}
			return records;
		}

	}

	/**
	 * The middleware between a hook that stamps the head and others that let it pass.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(ServerSocketsTests.Strategy.class)
	static class App {

		@Bean
		@Order(1)
		WebFilter commitAction() {
			return (exchange, chain) -> {
				exchange.getResponse()
					.beforeCommit(() -> Mono.fromRunnable(
							() -> exchange.getResponse().addCookie(ResponseCookie.from("commit", "action").build())));
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 10)
		Stamp stamps() {
			return new Stamp();
		}

		@Bean
		@AsyncMiddleware(order = 20)
		HandlerFilterFunction<LiveResponse, ServerResponse> judges(Environment environment) {
			return environment.getRequiredProperty("wire.judge", Judge.class).function;
		}

		@Bean
		@AsyncMiddleware(order = 30)
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange).then();
		}

		@Bean
		@AsyncMiddleware(order = 40)
		HandlerFilterFunction<LiveResponse, ServerResponse> awaits() {
			return (request, next) -> next.handle(request).cast(ServerResponse.class);
		}

		@Bean
		AtomicInteger sessions() {
			return new AtomicInteger();
		}

		@Bean
		HandlerMapping webSockets(AtomicInteger sessions) {
			WebSocketHandler echo = (session) -> {
				sessions.incrementAndGet();
				return session
					.send(session.receive().map((message) -> session.textMessage(message.getPayloadAsText())));
			};
			return new SimpleUrlHandlerMapping(Map.of("/socket", echo), -1);
		}

	}

	/**
	 * Writes the status that it sees into a header.
	 */
	static class Stamp {

		@OnResponse
		void stamp(HttpStatusCode status, HttpHeaders headers) {
			headers.set("Hook", status.toString());
		}

	}

}
