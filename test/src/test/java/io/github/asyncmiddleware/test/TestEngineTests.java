package io.github.asyncmiddleware.test;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

/**
 * Tests for {@link TestEngine}.
 */
class TestEngineTests {

	private static final WebFilter PASSING = (exchange, chain) -> chain.filter(exchange);

	private static final WebFilter RECOVERING = (exchange, chain) -> chain.filter(exchange)
		.onErrorResume((failure) -> exchange.getResponse().setComplete());

	private static final WebFilter HANGING = (exchange, chain) -> chain.filter(exchange)
		.onErrorResume((failure) -> Mono.never());

	@Test
	void failsWithAnAssertionOfTheHandler() {
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(PASSING));
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(RECOVERING));
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(HANGING).withTimeLimit(Duration.ofMillis(200)));
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of());
	}

	private static void assertFailsWithTheAssertionOfItsHandler(MiddlewareTester tester) {
		AssertionError error = new AssertionError("no user");
		assertThatThrownBy(() -> tester.withHandler((exchange) -> {
			throw error;
		}).exchange(get("/"))).isSameAs(error);
		assertThatThrownBy(() -> tester.withHandler((exchange) -> Mono.error(error)).exchange(get("/")))
			.isSameAs(error);
		assertThatThrownBy(() -> tester
			.withRoutes(route().GET("/", (request) -> ServerResponse.ok().build(Mono.error(error))).build())
			.exchange(get("/"))).isSameAs(error);
	}

	private static MockServerHttpRequest.BaseBuilder<?> get(String path) {
		return MockServerHttpRequest.get(path);
	}

}
