package io.github.asyncmiddleware.test.shop;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.test.MiddlewareStartException;
import io.github.asyncmiddleware.test.MiddlewareTestResult;
import io.github.asyncmiddleware.test.MiddlewareTester;
import io.github.asyncmiddleware.test.MockLiveResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.web.reactive.function.server.MockServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

/**
 * The other examples of {@code docs/testing.md}.
 */
class TestingPageTests {

	private final Tokens tokens = (token) -> token.equals("Bearer good") ? Mono.just("ann") : Mono.empty();

	@Test
	void standsBehindARest() {
		MiddlewareTester tester = MiddlewareTester.of(new StatusHeader())
			.withRoutes(route().GET("/orders/{id}", (request) -> ServerResponse.ok().bodyValue("order")).build());
		assertThat(tester.exchange(get("/orders/7"))).passed().hasHeader("X-Status", "OK").hasBody("order");
		assertThat(tester.exchange(get("/other"))).passed().hasStatus(404).doesNotHaveHeader("X-Status");
	}

	@Test
	void fails() {
		MiddlewareTester tester = MiddlewareTester.of(new StatusHeader())
			.withHandler((exchange) -> Mono.error(new IllegalStateException("no database")));
		assertThat(tester.exchange(get("/"))).passed().hasStatus(500).failure().hasMessage("no database");
	}

	@Test
	void appliesAttributes() {
		MiddlewareTester tester = MiddlewareTester.of(new Authentication(this.tokens));
		assertThat(tester.exchange(get("/health"))).didNotRun();
		assertThat(tester.withAttributes((attributes) -> attributes.path("/**")).exchange(get("/health"))).answered();
	}

	@Test
	void chain() {
		MiddlewareTester tester = MiddlewareTester.of(new StatusHeader(), new Authentication(this.tokens));
		MiddlewareTestResult result = tester.exchange(get("/orders/7"));
		assertThat(result).ran("authentication").hasStatus(401).doesNotHaveHeader("X-Status");
		assertThat(result.middleware(Authentication.class)).answered();
		assertThat(result.middleware(StatusHeader.class)).didNotRun();
	}

	@Test
	void beanMethod() {
		assertThat(MiddlewareTester.ofConfiguration(FilterConfiguration.class).exchange(get("/"))).passed()
			.hasHeader("X-Served-By", "shop");
	}

	@Test
	void goesOnWithoutFlagsThatDoNotCome() {
		MiddlewareTester tester = MiddlewareTester.of(new FeatureFlags(Mono::never));
		assertThat(tester.start(get("/")).advance(Duration.ofMillis(200)).await()).timedOut()
			.skipped()
			.hasOwnTime(Duration.ofMillis(200))
			.hasStatus(200);
	}

	@Test
	void failsWithoutFlagsIfItMust() {
		MiddlewareTester tester = MiddlewareTester.of(new FeatureFlags(Mono::never))
			.withAttributes((attributes) -> attributes.onFailure(OnFailure.FAIL).timeout(Duration.ofHours(1)));
		assertThat(tester.start(get("/")).advance(Duration.ofHours(1)).await()).timedOut()
			.hasStatus(503)
			.didNotReachHandler();
	}

	@Test
	void waitsForFlagsThatComeLate() {
		VirtualTimeScheduler.getOrSet();
		try {
			MiddlewareTester tester = MiddlewareTester
				.of(new FeatureFlags(() -> Mono.delay(Duration.ofMillis(150)).thenReturn("new-basket")));
			assertThat(tester.start(get("/")).advance(Duration.ofMillis(150)).await()).passed();
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

	@Test
	void letsTheClientLeave() {
		assertThat(MiddlewareTester.of(new FeatureFlags(Mono::never)).start(get("/")).cancel().await()).wasCancelled();
	}

	@Test
	void timesOutABlockingHook() {
		CountDownLatch never = new CountDownLatch(1);
		assertThat(MiddlewareTester.of(new Licence(never))
			.start(get("/"))
			.awaitEntered("licence")
			.advance(Duration.ofSeconds(2))
			.await()).timedOut();
		never.countDown();
	}

	@Test
	void missingAwait() {
		assertThatThrownBy(() -> MiddlewareTester.of(new Audit()).exchange(get("/"))).hasMessageStartingWith(
				"[unawaited_next] The middleware 'audit' (" + Audit.class.getName() + ", order 0) completed");
	}

	@Test
	void allowedMisuse() {
		assertThat(MiddlewareTester.of(new Audit()).withMisuseAllowed().exchange(get("/"))).hasMisuse("unawaited_next");
	}

	@Test
	void blocking() {
		assertThatThrownBy(() -> MiddlewareTester.of(new Impatient()).exchange(get("/")))
			.isInstanceOf(AssertionError.class)
			.hasMessageStartingWith("[blocked_event_loop] The middleware 'impatient' (" + Impatient.class.getName()
					+ ", order 0) blocks")
			.hasMessageContaining("at java.lang.Thread.sleep")
			.hasMessageContaining("Impatient.check(");
	}

	@Test
	void plainFilter() {
		WebFilter filter = (exchange, chain) -> {
			exchange.getResponse().getHeaders().set("X-Frame-Options", "DENY");
			return chain.filter(exchange);
		};
		assertThat(MiddlewareTester.of(filter).exchange(get("/"))).passed().hasHeader("X-Frame-Options", "DENY");
	}

	@Test
	void direct() {
		MockLiveResponse response = MockLiveResponse.ok();
		new StatusHeader().filter(MockServerRequest.builder().build(), response.next()).block();
		assertThat(response.headers().getFirst("X-Status")).isEqualTo("OK");
	}

	@Test
	void start() {
		MiddlewareTester tester = MiddlewareTester.of(new StatusHeader())
			.withAttributes((attributes) -> attributes.path("/{"));
		assertThatExceptionOfType(MiddlewareStartException.class).isThrownBy(() -> tester.exchange(get("/")))
			.withMessageContaining("The 'path' of the middleware 'statusHeader'");
	}

	/**
	 * Declares a filter.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FilterConfiguration {

		@Bean
		@AsyncMiddleware
		WebFilter servedBy() {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().set("X-Served-By", "shop");
				return chain.filter(exchange);
			};
		}

	}

	/**
	 * Forgets to wait.
	 */
	@AsyncMiddleware("audit")
	static class Audit implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			chain.filter(exchange).subscribe();
			return Mono.empty();
		}

	}

	/**
	 * Blocks where it must not.
	 */
	@AsyncMiddleware("impatient")
	static class Impatient {

		@OnRequest(blocking = false)
		void check() throws InterruptedException {
			Thread.sleep(30_000);
		}

	}

	/**
	 * Asks a service that blocks.
	 */
	@AsyncMiddleware(value = "licence", timeout = "2s")
	static class Licence {

		private final CountDownLatch answer;

		Licence(CountDownLatch answer) {
			this.answer = answer;
		}

		@OnRequest
		void check() throws InterruptedException {
			this.answer.await();
		}

	}

}
