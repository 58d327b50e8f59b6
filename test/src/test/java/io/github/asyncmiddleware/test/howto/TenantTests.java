package io.github.asyncmiddleware.test.howto;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * Tests for {@link Tenant}.
 */
class TenantTests {

	@Test
	void findsTheTenant() {
		Map<String, Long> tenants = Map.of("acme", 7L);
		MiddlewareTester tester = MiddlewareTester.of(new Tenant((name) -> Optional.ofNullable(tenants.get(name))))
			.withHandler((exchange) -> {
				exchange.getResponse()
					.getHeaders()
					.set("X-Id", String.valueOf((Object) exchange.getAttribute("tenant")));
				return exchange.getResponse().setComplete();
			});
		assertThat(tester.exchange(get("/").header("X-Tenant", "acme"))).passed().hasHeader("X-Id", "7");
		assertThat(tester.exchange(get("/").header("X-Tenant", "other"))).answered().hasStatus(404);
		assertThat(tester.exchange(get("/"))).failed().hasStatus(400);
	}

	@Test
	void doesNotWaitForASlowDatabase() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		MiddlewareTester tester = MiddlewareTester.of(new Tenant((name) -> waitFor(never)));
		assertThat(tester.start(get("/").header("X-Tenant", "acme")).advance(Duration.ofSeconds(1)).await()).timedOut()
			.hasStatus(503);
		never.countDown();
	}

	private static Optional<Long> waitFor(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return Optional.empty();
	}

}
