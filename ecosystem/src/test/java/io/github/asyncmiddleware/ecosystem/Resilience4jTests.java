package io.github.asyncmiddleware.ecosystem;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.github.resilience4j.reactor.retry.RetryOperator;
import io.github.resilience4j.reactor.timelimiter.TimeLimiterOperator;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the operators of Resilience4j work in middlewares: around the rest of the
 * chain, and around work of a hook.
 */
class Resilience4jTests {

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(HandlerWithOperators.class).isSame(4, (browser) -> {
			assertThat(browser.get("/broken").status()).isEqualTo(500);
			assertThat(browser.get("/broken").status()).isEqualTo(500);
			assertThat(browser.get("/broken").status()).isEqualTo(503);
			assertThat(browser.get("/limited").status()).isEqualTo(504);
		});
	}

	@Test
	void opensTheCircuitAroundTheRestOfTheChain() {
		try (RunningApplication running = start(Breaker.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(browser.get("/fails").status()).isEqualTo(500);
			assertThat(browser.get("/fails").status()).isEqualTo(500);
			assertThat(browser.get("/ok").status()).isEqualTo(503);
			assertThat(running.bean(Shop.class).calls).hasValue(2);
			Map<String, Integer> recorded = records.after(3);
			assertThat(recorded).containsEntry("own breaker passed", 2);
			assertThat(Records.sum(recorded, "own breaker ")).isEqualTo(3);
			assertThat(Records.sum(recorded, "misuse ")).isZero();
		}
	}

	@Test
	void limitsTheTimeOfTheRestOfTheChain() {
		try (RunningApplication running = start(TimeLimit.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(browser.get("/never").body()).isEqualTo("too slow");
			assertThat(browser.get("/ok").body()).isEqualTo("ok");
			Map<String, Integer> recorded = records.after(2);
			assertThat(recorded).containsEntry("own timeLimit passed", 2).containsEntry("requests ok", 2);
			assertThat(Records.sum(recorded, "misuse ")).isZero();
		}
	}

	@Test
	void runsTheRestOfTheChainAgainAfterAnErrorWithoutAHead() {
		try (RunningApplication running = start(Repeat.class)) {
			Records records = running.records();
			assertThat(new Browser(running.port()).get("/flaky").body()).isEqualTo("attempt 3");
			Map<String, Integer> recorded = records.after(1);
			assertThat(recorded).containsEntry("own repeat passed", 1).containsEntry("requests ok", 1);
			assertThat(Records.sum(recorded, "misuse ")).isZero();
		}
	}

	@Test
	void goesOnWithoutAHookWhoseCircuitIsOpen() {
		try (RunningApplication running = start(Lookup.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			for (int i = 0; i < 3; i++) {
				assertThat(browser.get("/ok").body()).isEqualTo("ok");
			}
			assertThat(records.after(3)).containsEntry("own lookup failed_open", 3).containsEntry("requests ok", 3);
			assertThat(running.bean(Lookup.class).attempts).hasValue(2);
		}
	}

	private static RunningApplication start(Class<?> middleware) {
		return RunningApplication.start(Set.of(), List.of(Application.class, middleware), List.of());
	}

	private static CircuitBreaker breaker(String name) {
		return CircuitBreaker.of(name,
				CircuitBreakerConfig.custom()
					.slidingWindow(2, 2, SlidingWindowType.COUNT_BASED)
					.waitDurationInOpenState(Duration.ofHours(1))
					.build());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Shop.class)
	static class Application {

	}

	@RestController
	static class Shop {

		private final AtomicInteger calls = new AtomicInteger();

		@GetMapping("/ok")
		Mono<String> ok() {
			this.calls.incrementAndGet();
			return Mono.just("ok");
		}

		@GetMapping("/fails")
		Mono<String> fails() {
			this.calls.incrementAndGet();
			return Mono.error(new IllegalStateException("on purpose"));
		}

		@GetMapping("/flaky")
		Mono<String> flaky() {
			int attempt = this.calls.incrementAndGet();
			return (attempt < 3) ? Mono.error(new IllegalStateException("on purpose"))
					: Mono.just("attempt " + attempt);
		}

		@GetMapping("/never")
		Mono<String> never() {
			return Mono.never();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@RestController
	static class HandlerWithOperators {

		private final CircuitBreaker breaker = breaker("handler");

		private final TimeLimiter limiter = TimeLimiter.of(Duration.ofMillis(50));

		@GetMapping("/broken")
		Mono<String> broken() {
			return Mono.<String>error(new IllegalStateException("on purpose"))
				.transformDeferred(CircuitBreakerOperator.of(this.breaker))
				.onErrorMap(CallNotPermittedException.class,
						(ex) -> new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE));
		}

		@GetMapping("/limited")
		Mono<String> limited() {
			return Mono.<String>never()
				.transformDeferred(TimeLimiterOperator.of(this.limiter))
				.onErrorMap((ex) -> new ResponseStatusException(HttpStatus.GATEWAY_TIMEOUT));
		}

	}

	@AsyncMiddleware("breaker")
	static class Breaker implements WebFilter {

		private final CircuitBreaker breaker = breaker("rest");

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange)
				.transformDeferred(CircuitBreakerOperator.of(this.breaker))
				.onErrorMap(CallNotPermittedException.class,
						(ex) -> new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE));
		}

	}

	@AsyncMiddleware("timeLimit")
	static class TimeLimit implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		private final TimeLimiter strict = TimeLimiter.of(Duration.ofMillis(100));

		private final TimeLimiter generous = TimeLimiter.of(Duration.ofSeconds(30));

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request)
				.cast(ServerResponse.class)
				.transformDeferred(
						TimeLimiterOperator.of(request.path().equals("/never") ? this.strict : this.generous))
				.onErrorResume(TimeoutException.class,
						(ex) -> ServerResponse.status(HttpStatus.GATEWAY_TIMEOUT).bodyValue("too slow"));
		}

	}

	@AsyncMiddleware("repeat")
	static class Repeat implements WebFilter {

		private final Retry retry = Retry.of("rest",
				RetryConfig.custom().maxAttempts(3).waitDuration(Duration.ofMillis(1)).build());

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).transformDeferred(RetryOperator.of(this.retry));
		}

	}

	@AsyncMiddleware(value = "lookup", onFailure = OnFailure.SKIP)
	static class Lookup {

		private final AtomicInteger attempts = new AtomicInteger();

		private final CircuitBreaker breaker = breaker("lookup");

		@OnRequest
		Mono<Void> look() {
			return Mono.<Void>fromRunnable(() -> {
				this.attempts.incrementAndGet();
				throw new IllegalStateException("on purpose");
			}).transformDeferred(CircuitBreakerOperator.of(this.breaker));
		}

	}

}
