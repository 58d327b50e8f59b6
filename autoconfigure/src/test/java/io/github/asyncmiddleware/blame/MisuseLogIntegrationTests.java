package io.github.asyncmiddleware.blame;

import java.time.Duration;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what is logged of requests that a middleware has broken.
 */
@TestInstance(Lifecycle.PER_CLASS)
class MisuseLogIntegrationTests {

	private static final int REQUESTS = 20;

	private BootServer server;

	@BeforeAll
	void start() {
		// A slow start of a thread is a block, and has a stack trace
		this.server = BootServer.start(Application.class, "async-middleware.blocking-watch.enabled=false");
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	static Stream<Arguments> misuses() {
		return Stream
			.of("drops dropped_next", "assembles dropped_next", "later dropped_next", "dropsAwait dropped_next",
					"nullResult null_result", "nullAwait null_result", "nullHook null_result")
			.map((line) -> Arguments.of((Object[]) line.split(" ")));
	}

	@ParameterizedTest
	@MethodSource("misuses")
	void isALineOrTwo(String middleware, String kind) {
		MeterChanges changes = this.server.changes();
		try (LogCapture log = LogCapture.ofAll()) {
			for (int i = 0; i < REQUESTS; i++) {
				Protocol protocol = Protocol.values()[i % 2];
				String method = (i < REQUESTS / 2) ? "GET" : "POST";
				assertThat(Client.exchange(protocol, this.server.port(), method, "/" + middleware).status())
					.isEqualTo(500);
			}
			assertThat(changes.after(REQUESTS)).filteredOn((sample) -> sample.startsWith("misuse "))
				.hasSize(REQUESTS)
				.containsOnly("misuse " + middleware + " " + kind);
			assertThat(log.lines()).hasSizeLessThanOrEqualTo(3 * REQUESTS);
			assertThat(log.lines()).noneMatch((line) -> line.startsWith("\tat "));
			assertThat(log.events()).anyMatch((event) -> event.contains("'" + middleware + "'"));
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@AsyncMiddleware(path = "/drops")
		WebFilter drops() {
			return (exchange, chain) -> Mono.empty();
		}

		@Bean
		@AsyncMiddleware(path = "/assembles")
		WebFilter assembles() {
			return (exchange, chain) -> {
				chain.filter(exchange);
				return Mono.empty();
			};
		}

		@Bean
		@AsyncMiddleware(path = "/later")
		WebFilter later() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).then();
		}

		@Bean
		@AsyncMiddleware(path = "/dropsAwait")
		HandlerFilterFunction<LiveResponse, ServerResponse> dropsAwait() {
			return (request, next) -> Mono.empty();
		}

		@Bean
		@AsyncMiddleware(path = "/nullResult")
		WebFilter nullResult() {
			return (exchange, chain) -> null;
		}

		@Bean
		@AsyncMiddleware(path = "/nullAwait")
		HandlerFilterFunction<LiveResponse, ServerResponse> nullAwait() {
			return (request, next) -> null;
		}

		@Bean
		@AsyncMiddleware(path = "/nullHook")
		NullHook nullHook() {
			return new NullHook();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	/**
	 * Returns nothing where it declares something.
	 */
	static class NullHook {

		@OnRequest
		Mono<Void> load() {
			return null;
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/**")
		Mono<String> any() {
			return Mono.just("handled");
		}

	}

}
