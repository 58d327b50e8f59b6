package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.options;

/**
 * Tests for {@link Authentication} and the CORS preflights of browsers.
 */
class AuthenticationPreflightTests {

	private final MiddlewareTester tester = MiddlewareTester.of(new Authentication((token) -> Mono.empty()));

	@Test
	void letsAPreflightGoOn() {
		assertThat(this.tester.exchange(options("/orders/7").header("Origin", "https://shop.example")
			.header("Access-Control-Request-Method", "GET"))).passed().reachedHandler();
	}

	@Test
	void answersAnyOtherOptionsRequest() {
		assertThat(this.tester.exchange(options("/orders/7").header("Origin", "https://shop.example"))).answered()
			.hasStatus(401)
			.didNotReachHandler();
	}

}
