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

	@Test
	void answersWhatIsTooMuch() {
		MiddlewareTestResult result = request("a");
		for (int i = 0; result.getStatus().is2xxSuccessful() && i < 10_000; i++) {
			result = request("a");
		}
		assertThat(result).answered().hasStatus(429).didNotReachHandler();
		assertThat(request("b")).passed();
	}

	private MiddlewareTestResult request(String key) {
		return this.tester.exchange(get("/api/orders").header("X-Api-Key", key));
	}

}
