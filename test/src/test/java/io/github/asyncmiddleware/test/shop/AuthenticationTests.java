package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * Tests for {@link Authentication}.
 */
class AuthenticationTests {

	private final Tokens tokens = (token) -> token.equals("Bearer good") ? Mono.just("ann") : Mono.empty();

	private final MiddlewareTester tester = MiddlewareTester.of(new Authentication(this.tokens));

	@Test
	void letsAUserIn() {
		assertThat(this.tester.exchange(get("/orders/7").header("Authorization", "Bearer good"))).passed()
			.hasStatus(200);
	}

	@Test
	void answersAllOthers() {
		assertThat(this.tester.exchange(get("/orders/7"))).answered().hasStatus(401).didNotReachHandler();
	}

}
