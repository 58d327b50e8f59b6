package io.github.asyncmiddleware.test;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link MiddlewarePart}.
 */
class MiddlewarePartTests {

	@Test
	void keepsTheFailureThatAnOuterFilterRecoversFrom() {
		MiddlewareTestResult result = exchange(recovering(), new Auth());
		assertThat(result).hasStatus(503).didNotReachHandler();
		assertThat(result.getFailure()).isNull();
		assertThat(result.middleware("outer").getFailure()).isNull();
		assertThat(result.middleware("outer")).passed();
		assertThat(result.middleware("auth")).failed().failedWith(IllegalStateException.class);
		assertThat(result.middleware("auth").getFailure()).hasMessage("no tokens");
	}

	@Test
	void keepsTheFailureThatAnOuterFilterMaps() {
		WebFilter mapping = (exchange, chain) -> chain.filter(exchange)
			.onErrorMap((ex) -> new UnsupportedOperationException("mapped", ex));
		MiddlewareTestResult result = exchange(mapping, new Auth());
		assertThat(result.getFailure()).isInstanceOf(UnsupportedOperationException.class);
		assertThat(result.middleware("outer").getFailure()).isNull();
		assertThat(result.middleware("auth")).failedWith(IllegalStateException.class);
	}

	@Test
	void keepsTheFailureOfOneOfAGroup() {
		MiddlewareTestResult result = MiddlewareTester.of()
			.withMiddleware("outer", recovering())
			.withMiddleware("neighbour", new Neighbour(Mono.never()))
			.withMiddleware("auth", new Neighbour(Mono.error(new IllegalStateException("no tokens"))))
			.withAttributes("outer", (attributes) -> attributes.order(-10))
			.exchange(MockServerHttpRequest.get("/"));
		assertThat(result.middleware("auth")).failedWith(IllegalStateException.class);
		assertThat(result.middleware("neighbour").getFailure()).isNull();
	}

	@Test
	void keepsNoFailureOfOneThatWasTriedAgain() {
		WebFilter retrying = (exchange, chain) -> chain.filter(exchange).retry(1);
		MiddlewareTestResult result = exchange(retrying, new Flaky());
		assertThat(result.middleware("auth")).passed();
		assertThat(result.middleware("auth").getFailure()).isNull();
	}

	@Test
	void namesOneThatBlocksWhereAnOuterFilterRecovers() {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> exchange(recovering(), new Impatient(1)))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'auth' (")
			.withMessageContaining("MiddlewarePartTests$Impatient.check(MiddlewarePartTests.java:");
	}

	@Test
	void namesOneThatBlocksWhereAnOuterFilterTriesAgain() {
		WebFilter retrying = (exchange, chain) -> chain.filter(exchange).retry(1);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> exchange(retrying, new Impatient(1)))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'auth' (");
	}

	@Test
	void findsAnOuterFilterThatBlocksAfterAFailure() {
		WebFilter blocking = (exchange, chain) -> chain.filter(exchange).onErrorResume((ex) -> {
			Mono.never().block();
			return Mono.empty();
		});
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> exchange(blocking, new Auth()))
			.withMessageContaining("MiddlewarePartTests.lambda$findsAnOuterFilterThatBlocksAfterAFailure$");
	}

	private static MiddlewareTestResult exchange(WebFilter outer, Object auth) {
		return MiddlewareTester.of()
			.withMiddleware("outer", outer)
			.withMiddleware("auth", auth)
			.withAttributes("outer", (attributes) -> attributes.order(-10))
			.exchange(MockServerHttpRequest.get("/"));
	}

	private static WebFilter recovering() {
		return (exchange, chain) -> chain.filter(exchange).onErrorResume((ex) -> {
			exchange.getResponse().setRawStatusCode(503);
			return exchange.getResponse().setComplete();
		});
	}

	@AsyncMiddleware
	static class Auth {

		@OnRequest(blocking = false)
		void check() {
			throw new IllegalStateException("no tokens");
		}

	}

	@AsyncMiddleware
	static class Impatient {

		private int times;

		Impatient(int times) {
			this.times = times;
		}

		@OnRequest(blocking = false)
		void check() {
			if (this.times-- > 0) {
				Mono.never().block();
			}
		}

	}

	@AsyncMiddleware
	static class Flaky implements WebFilter {

		private boolean failed;

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			if (!this.failed) {
				this.failed = true;
				return Mono.error(new IllegalStateException("once"));
			}
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware(concurrent = true)
	static class Neighbour {

		private final Mono<Void> work;

		Neighbour(Mono<Void> work) {
			this.work = work;
		}

		@OnRequest
		Mono<Void> load() {
			return this.work;
		}

	}

}
