package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * The examples of README, which are to work as they stand.
 */
class ReadmeTests {

	private final Tokens tokens = (token) -> Mono.empty();

	@Test
	void waits() {
		MiddlewareTester tester = MiddlewareTester.of(new Audit());
		assertThat(tester.exchange(get("/products/1"))).passed().hasStatus(200).reachedHandler();
		assertThat(tester.exchange(get("/"))).didNotRun();
	}

	@Test
	void servesABeanMethod() {
		assertThat(MiddlewareTester.ofConfiguration(ServedBy.class).exchange(get("/"))).passed()
			.hasHeader("X-Served-By", "sample");
	}

	@Test
	void refuses() {
		MiddlewareTester tester = MiddlewareTester.of(new Authentication(this.tokens));
		assertThat(tester.exchange(get("/orders/7"))).answered().hasStatus(401).didNotReachHandler();
	}

	/**
	 * Declares a filter.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ServedBy {

		@Bean
		@AsyncMiddleware(order = MiddlewareOrder.LAST)
		WebFilter servedBy() {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().set("X-Served-By", "sample");
				return chain.filter(exchange);
			};
		}

	}

}
