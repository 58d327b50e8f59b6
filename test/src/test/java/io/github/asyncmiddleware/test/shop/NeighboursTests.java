package io.github.asyncmiddleware.test.shop;

import java.time.Duration;

import io.github.asyncmiddleware.test.MiddlewareTestResult;
import io.github.asyncmiddleware.test.MiddlewareTester;
import io.github.asyncmiddleware.test.shop.Neighbours.Flags;
import io.github.asyncmiddleware.test.shop.Neighbours.Quota;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * Tests for {@link Neighbours}.
 */
class NeighboursTests {

	@Test
	void waitAtTheSameTime() {
		VirtualTimeScheduler.getOrSet();
		try {
			MiddlewareTester tester = MiddlewareTester.of(new Flags(), new Quota()).withHandler((exchange) -> {
				assertThat(exchange.getAttributes()).containsKey("flags");
				return Mono.empty();
			});
			MiddlewareTestResult result = tester.start(get("/"))
				.advance(Duration.ofMillis(50))
				.advance(Duration.ofMillis(30))
				.await();
			assertThat(result.middleware(Flags.class)).passed().hasOwnTime(Duration.ofMillis(50));
			assertThat(result.middleware(Quota.class)).passed().hasOwnTime(Duration.ofMillis(30));
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

}
