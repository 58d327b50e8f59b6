package io.github.asyncmiddleware.ecosystem;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.bucket4j.Bucket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a bucket of Bucket4j limits the requests that reach the handler.
 */
class Bucket4jTests {

	@Test
	void answersWhatIsTooMuch() {
		try (RunningApplication running = RunningApplication.start(Set.of(), List.of(Application.class, Limit.class),
				List.of())) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(browser.get("/").status()).isEqualTo(200);
			assertThat(browser.get("/").status()).isEqualTo(200);
			Browser.Answer answer = browser.get("/");
			assertThat(answer.status()).isEqualTo(429);
			assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(1, 1800);
			assertThat(running.bean(Application.class).calls).hasValue(2);
			Map<String, Integer> recorded = records.after(3);
			assertThat(recorded).containsEntry("own limit passed", 2)
				.containsEntry("own limit answered", 1)
				.containsEntry("requests ok", 3);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@RestController
	static class Application {

		private final AtomicInteger calls = new AtomicInteger();

		@GetMapping("/")
		String get() {
			return "call " + this.calls.incrementAndGet();
		}

	}

	@AsyncMiddleware("limit")
	static class Limit {

		private final Bucket bucket = Bucket.builder()
			.addLimit((limit) -> limit.capacity(2).refillGreedy(2, Duration.ofHours(1)))
			.build();

		@OnRequest
		CompletionStage<@Nullable ResponseEntity<Void>> limit() {
			return CompletableFuture.completedFuture(this.bucket.tryConsumeAndReturnRemaining(1))
				.thenApply((probe) -> probe.isConsumed() ? null
						: ResponseEntity.status(HttpStatus.TOO_MANY_REQUESTS)
							.header(HttpHeaders.RETRY_AFTER,
									String.valueOf(Duration.ofNanos(probe.getNanosToWaitForRefill()).toSeconds() + 1))
							.build());
		}

	}

}
