package io.github.asyncmiddleware.test.shop;

import java.util.concurrent.TimeoutException;

import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * Tests for {@link Fallback}.
 */
class FallbackTests {

	private final MiddlewareTester tester = MiddlewareTester.of(new Fallback());

	@Test
	void answersInPlaceOfAHandlerThatIsOutOfTime() {
		assertThat(this.tester.withHandler((exchange) -> Mono.error(new TimeoutException())).exchange(get("/orders")))
			.passed()
			.hasStatus(503)
			.hasHeader("Retry-After", "5");
	}

	@Test
	void leavesOtherErrorsToOthers() {
		assertThat(this.tester.withHandler((exchange) -> Mono.error(new IllegalStateException("no database")))
			.exchange(get("/orders"))).passed().hasStatus(500).doesNotHaveHeader("Retry-After");
	}

	@Test
	void leavesAnswersAsTheyAre() {
		assertThat(this.tester.withResponse(200, "order").exchange(get("/orders"))).passed()
			.hasStatus(200)
			.hasBody("order");
	}

}
