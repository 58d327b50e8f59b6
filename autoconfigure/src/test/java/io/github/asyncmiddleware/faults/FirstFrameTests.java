package io.github.asyncmiddleware.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the first frame of a client that sends it the moment it has the handshake:
 * wherever middlewares have taken the request, the server is ready for it.
 */
class FirstFrameTests {

	private static final int TIMES = 300;

	private static final String[] WEB_SOCKET = { "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" };

	/** The text "hi", masked with zeros. */
	private static final String FRAME = "\u0081\u0082\0\0\0\0hi";

	private static final String ECHO = "\u0081\u0002hi";

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class);

	private final FaultServer server = servers.get(OnFailure.FAIL);

	@ParameterizedTest
	@ValueSource(strings = { "blocking", "blockingResponse", "group", "awaits", "hops", "skipped" })
	void isNeverLost(String middleware) {
		for (int i = 0; i < TIMES; i++) {
			try (Http1Client client = new Http1Client(this.server.port())) {
				assertThat(client.sendNext("GET", "/ws/" + middleware, WEB_SOCKET).status()).isEqualTo(101);
				client.write(FRAME);
				assertThat(new String(client.readBytes(ECHO.length()), StandardCharsets.ISO_8859_1))
					.as("echo %d of %s", i, middleware)
					.isEqualTo(ECHO);
			}
		}
	}

	/**
	 * One middleware of each kind that leaves the event loop.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		HandlerMapping webSockets() {
			return new SimpleUrlHandlerMapping(
					Map.of("/ws/*", (WebSocketHandler) (session) -> session
						.send(session.receive().map((message) -> session.textMessage(message.getPayloadAsText())))),
					-1);
		}

		@Bean
		@AsyncMiddleware(path = "/ws/blocking")
		Blocks blocking() {
			return new Blocks();
		}

		@Bean
		@AsyncMiddleware(path = "/ws/blockingResponse")
		BlocksBeforeTheHead blockingResponse() {
			return new BlocksBeforeTheHead();
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/ws/group", concurrent = true)
		Blocks first() {
			return new Blocks();
		}

		@Bean
		@AsyncMiddleware(order = 2, path = "/ws/group", concurrent = true)
		Waits second() {
			return new Waits();
		}

		@Bean
		@AsyncMiddleware(path = "/ws/awaits")
		HandlerFilterFunction<LiveResponse, ServerResponse> awaits() {
			return (request, next) -> next.handle(request)
				.cast(ServerResponse.class)
				.delayElement(Duration.ofMillis(1), Schedulers.parallel());
		}

		@Bean
		@AsyncMiddleware(path = "/ws/hops")
		WebFilter hops() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1), Schedulers.parallel())
				.then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/ws/skipped", timeout = "1ms", onFailure = OnFailure.SKIP)
		WebFilter skipped() {
			return (exchange, chain) -> Mono.never();
		}

	}

	/**
	 * Blocks before the rest of the chain.
	 */
	static class Blocks {

		@OnRequest
		void sleep() throws InterruptedException {
			Thread.sleep(1);
		}

	}

	/**
	 * Blocks before the head.
	 */
	static class BlocksBeforeTheHead {

		@OnResponse(blocking = true)
		void sleep(ServerHttpResponse response) throws InterruptedException {
			Thread.sleep(1);
		}

	}

	/**
	 * Waits on another thread.
	 */
	static class Waits {

		@OnRequest
		CompletionStage<Void> waits() {
			return CompletableFuture.runAsync(() -> {
			}, CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS));
		}

	}

}
