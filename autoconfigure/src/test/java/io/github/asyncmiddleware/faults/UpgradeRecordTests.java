package io.github.asyncmiddleware.faults;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what is recorded of a request that asks for an upgrade: what the client got,
 * not what it asked for.
 */
class UpgradeRecordTests {

	private static final String[] WEB_SOCKET = { "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" };

	private static final String[] OTHER = { "Connection: Upgrade", "Upgrade: other/1.0" };

	private static final String[] HALF = { "Upgrade: websocket" };

	private static final String[] NONE = {};

	private static final Map<String, String[]> HEADERS = Map.of("websocket", WEB_SOCKET, "other", OTHER, "half", HALF,
			"none", NONE);

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class);

	private final FaultServer server = servers.get(OnFailure.FAIL);

	static Stream<Arguments> requests() {
		return Cases.of(List.of("foreign", "native", "hook", "nobody"), List.of("ok", "fails", "throws", "404", "401"),
				List.of("websocket", "other", "half", "none"), Cases.METHODS);
	}

	@ParameterizedTest
	@MethodSource("requests")
	void anAnswerIsNoUpgrade(String unwraps, String answer, String headers, String method) {
		Exchange exchange = this.server.exchange(Protocol.HTTP_1_1, method, "/" + unwraps + "/" + answer,
				HEADERS.get(headers));
		int status = switch (answer) {
			case "ok" -> 200;
			case "401" -> 401;
			case "404" -> 404;
			default -> 500;
		};
		assertThat(exchange.answer().status()).isEqualTo(status);
		String request = ((status == 500 || status == 404) ? "error_page " : "ok ") + status;
		List<String> others = switch (unwraps) {
			case "native", "hook" -> List.of("passes passed", unwraps + " passed");
			default -> List.of("passes passed");
		};
		exchange.assertRecorded(request, others.toArray(String[]::new));
	}

	@Test
	void anUpgradeIsOne() {
		Records before = this.server.records();
		try (Http1Client client = new Http1Client(this.server.port())) {
			assertThat(client.sendNext("GET", "/foreign/ws", WEB_SOCKET).status()).isEqualTo(101);
		}
		Patience.await()
			.untilAsserted(
					() -> assertThat(this.server.records().since(before).counts()).containsEntry("requests upgraded", 1)
						.containsEntry("request.ttfb 101", 1)
						.containsEntry("own passes passed", 1));
	}

	/**
	 * A server answers that itself, after the head is with it; Reactor Netty then fails
	 * the request and closes the connection.
	 */
	@Test
	void aVersionThatServersDoNotKnowIsNoUpgrade() {
		Records before = this.server.records();
		try (Http1Client client = new Http1Client(this.server.port())) {
			assertThat(client
				.sendNext("GET", "/foreign/ws", "Connection: Upgrade", "Upgrade: websocket",
						"Sec-WebSocket-Version: 99", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
				.status()).isEqualTo(426);
		}
		Patience.await()
			.untilAsserted(
					() -> assertThat(this.server.records().since(before).counts()).containsEntry("requests cut", 1)
						.containsEntry("request.ttfb 426", 1)
						.containsEntry("own passes passed", 1));
	}

	/**
	 * A filter of each kind that looks at the response of the server itself.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(order = 5, excludePath = FaultServer.ALIVE)
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@Order(10)
		WebFilter foreign() {
			return (exchange, chain) -> {
				if (exchange.getRequest().getPath().value().startsWith("/foreign/")) {
					unwrap(exchange.getResponse());
				}
				return chain.filter(exchange);
			};
		}

		@Bean("native")
		@AsyncMiddleware(order = 10, path = "/native/**")
		WebFilter plain() {
			return (exchange, chain) -> {
				unwrap(exchange.getResponse());
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/hook/**")
		UnwrappingHook hook() {
			return new UnwrappingHook();
		}

		static void unwrap(ServerHttpResponse response) {
			Object unwrapped = ServerHttpResponseDecorator.getNativeResponse(response);
			assertThat(unwrapped).isNotNull();
		}

		@Bean
		HandlerMapping webSockets() {
			WebSocketHandler handler = (session) -> session.send(Mono.just(session.textMessage("hello")));
			return new SimpleUrlHandlerMapping(Map.of("/foreign/ws", handler), -1);
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	/**
	 * Looks at the response of the server itself.
	 */
	static class UnwrappingHook {

		@OnRequest(blocking = false)
		void unwrap(ServerHttpResponse response) {
			App.unwrap(response);
		}

	}

	/**
	 * Handlers that know nothing of upgrades.
	 */
	@RestController
	static class Endpoints {

		@GetMapping("/{unwraps}/{answer}")
		Mono<ResponseEntity<String>> answer(ServerWebExchange exchange) {
			return switch (Texts.lastOf(exchange)) {
				case "ok" -> Mono.just(ResponseEntity.ok("ok"));
				case "401" -> Mono.just(ResponseEntity.status(HttpStatus.UNAUTHORIZED).body("no"));
				case "404" -> Mono.error(new ResponseStatusException(HttpStatus.NOT_FOUND));
				case "throws" -> throw new IllegalStateException("throws");
				default -> Mono.error(new IllegalStateException("fails"));
			};
		}

	}

}
