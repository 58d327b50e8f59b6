package io.github.asyncmiddleware.test.howto;

import java.security.Principal;
import java.time.Duration;
import java.util.Map;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnRequest;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.util.ConcurrentReferenceHashMap;

/**
 * Lets each user make so many requests in a minute.
 */
@AsyncMiddleware(order = MiddlewareOrder.AFTER_SECURITY, path = "/api/**")
class RateLimit {

	private static final int PER_MINUTE = 60;

	private final Map<String, Bucket> buckets = new ConcurrentReferenceHashMap<>();

	@OnRequest(blocking = false) // a bucket in memory does not block
	@Nullable ResponseEntity<Void> limit(Principal user) {
		ConsumptionProbe probe = this.buckets.computeIfAbsent(user.getName(), (name) -> bucket())
			.tryConsumeAndReturnRemaining(1);
		return probe.isConsumed() ? null : tooMany(Duration.ofNanos(probe.getNanosToWaitForRefill()));
	}

	private static Bucket bucket() {
		return Bucket.builder()
			.addLimit((limit) -> limit.capacity(PER_MINUTE).refillGreedy(PER_MINUTE, Duration.ofMinutes(1)))
			.build();
	}

	private static ResponseEntity<Void> tooMany(Duration wait) {
		return ResponseEntity.status(HttpStatus.TOO_MANY_REQUESTS)
			.header(HttpHeaders.RETRY_AFTER, String.valueOf(wait.toSeconds() + 1))
			.build();
	}

}
