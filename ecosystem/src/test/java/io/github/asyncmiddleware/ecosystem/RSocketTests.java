package io.github.asyncmiddleware.ecosystem;

import java.net.URI;
import java.time.Duration;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.rsocket.RSocketRequester;
import org.springframework.messaging.rsocket.RSocketStrategies;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseBody;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that RSocket over WebSocket, which the server routes away before any filter,
 * works on the same port as an application with middlewares.
 */
class RSocketTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final String[] SAME_PORT = { "spring.rsocket.server.transport=websocket",
			"spring.rsocket.server.mapping-path=/rsocket" };

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(Application.class, Library.RSOCKET).with(SAME_PORT).isSame(3, RSocketTests::visit);
	}

	private static void visit(Browser browser) {
		assertThat(browser.get("/greeting").body()).isEqualTo("Hello over HTTP");
		assertThat(browser.get("/missing").status()).isEqualTo(404);
		assertThat(overRSocket(browser.port())).isEqualTo("Hello Ann 1 2 3");
		assertThat(browser.get("/greeting").body()).isEqualTo("Hello over HTTP");
	}

	private static String overRSocket(int port) {
		RSocketRequester requester = RSocketRequester.builder()
			.rsocketStrategies(RSocketStrategies.create())
			.websocket(URI.create("ws://localhost:" + port + "/rsocket"));
		try {
			String greeting = requester.route("greeting").data("Ann").retrieveMono(String.class).block(PATIENCE);
			return greeting + " " + String.join(" ",
					requester.route("count").data("3").retrieveFlux(String.class).collectList().block(PATIENCE));
		}
		finally {
			requester.dispose();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Messages.class)
	static class Application {

	}

	@Controller
	static class Messages {

		@GetMapping("/greeting")
		@ResponseBody
		Mono<String> greeting() {
			return Mono.just("Hello over HTTP");
		}

		@MessageMapping("greeting")
		Mono<String> greeting(String name) {
			return Mono.just("Hello " + name);
		}

		@MessageMapping("count")
		Flux<String> count(String to) {
			return Flux.range(1, Integer.parseInt(to)).map(String::valueOf);
		}

	}

}
