package io.github.asyncmiddleware.blame;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.guard.GuardLog;
import io.github.asyncmiddleware.internal.guard.LogNames;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.context.ContextRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the lines of the guards: loggers with public names, the prefix of the
 * request, what is in the MDC with context propagation, and fields.
 */
class GuardLogIntegrationTests {

	private static final String KEY = "guard-log-tests.order";

	private static final String BROKEN = "guard-log-tests.broken";

	@BeforeAll
	static void register() {
		ContextRegistry.getInstance()
			.registerThreadLocalAccessor(KEY, () -> MDC.get("order"), (value) -> MDC.put("order", value),
					() -> MDC.remove("order"));
	}

	@AfterAll
	static void unregister() {
		ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
	}

	@ParameterizedTest
	@CsvSource({ "drops, dropped_next, misuse, 500", "fails, failed_open, failure, 200",
			"waits, timeout, failure, 503" })
	void tellsWhichRequestItIsAbout(String middleware, String code, String logger, int status) {
		try (BootServer server = BootServer.start(Application.class); LogCapture log = LogCapture.ofOurs()) {
			assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/" + middleware).status())
				.isEqualTo(status);
			String line = "[" + code + "]";
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(log::events, (events) -> events.stream().anyMatch((event) -> event.contains(line)));
			List<String> events = log.events();
			int index = 0;
			while (!events.get(index).contains(line)) {
				index++;
			}
			assertThat(events.get(index)).matches("(?s)WARN io\\.github\\.asyncmiddleware\\." + logger
					+ ": \\[[0-9a-f]+-\\d+(, .*)?\\] \\[" + code + "\\] The middleware '" + middleware + "' .*");
			assertThat(log.fields().get(index)).containsExactly("code=" + code, "middleware=" + middleware,
					"mdc.order=4711");
			assertThat(MDC.get("order")).isNull();
		}
	}

	/**
	 * The accessor that fails comes behind the one of the order, which has been set by
	 * then.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "set", "restore" })
	void isThereWhereAThreadLocalFails(String when) {
		Middleware middleware = TestChain.middleware(0, "fails");
		LoggedRequest request = new LoggedRequest(MockServerWebExchange.from(MockServerHttpRequest.get("/")),
				Context.of(KEY, "4711", BROKEN, "any"));
		ContextRegistry.getInstance()
			.registerThreadLocalAccessor(BROKEN, () -> null, (value) -> fail("set", when), () -> fail("restore", when));
		try (LogCapture log = LogCapture.ofOurs()) {
			new GuardLog(LogNames.FAILURE).warn("failed_open", middleware, "is there", request);
			assertThat(log.events()).singleElement().asString().endsWith("[failed_open] is there");
			assertThat(MDC.get("order")).isNull();
		}
		finally {
			ContextRegistry.getInstance().removeThreadLocalAccessor(BROKEN);
		}
	}

	private static void fail(String moment, String when) {
		if (moment.equals(when)) {
			throw new IllegalStateException(when);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@AsyncMiddleware(order = -1)
		WebFilter knowsTheOrder() {
			return (exchange, chain) -> chain.filter(exchange).contextWrite((context) -> context.put(KEY, "4711"));
		}

		@Bean
		@AsyncMiddleware(path = "/drops")
		WebFilter drops() {
			return (exchange, chain) -> Mono.empty();
		}

		@Bean
		@AsyncMiddleware(path = "/fails", onFailure = OnFailure.SKIP)
		WebFilter fails() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1))
				.then(Mono.error(new IllegalStateException("not there")));
		}

		@Bean
		@AsyncMiddleware(path = "/waits", timeout = "20ms")
		WebFilter waits() {
			return (exchange, chain) -> Mono.never();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	@RestController
	static class Handlers {

		@GetMapping("/*")
		String any() {
			return "any";
		}

	}

}
