package io.github.asyncmiddleware.test.howto;

import io.github.asyncmiddleware.test.MiddlewareTestResult;
import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * Tests for {@link RateLimit}.
 */
class RateLimitTests {

	private final MiddlewareTester tester = MiddlewareTester.of(new RateLimit());

	private final MiddlewareTester ann = this.tester.withPrincipal(() -> "ann");

	private final MiddlewareTester bob = this.tester.withPrincipal(() -> "bob");

	@Test
	void answersWhatIsTooMuch() {
		MiddlewareTestResult result = this.ann.exchange(get("/api/orders"));
		for (int i = 0; result.getStatus().is2xxSuccessful() && i < 10_000; i++) {
			result = this.ann.exchange(get("/api/orders"));
		}
		assertThat(result).answered().hasStatus(429).didNotReachHandler();
		assertThat(this.bob.exchange(get("/api/orders"))).passed();
	}

}
