package io.github.asyncmiddleware.test;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.ResponseEntity;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareBean}.
 */
class MiddlewareBeanTests {

	@Test
	void keepsTheStubsOfAnInstance() {
		Greeting greeting = new Greeting();
		greeting.text = "stub";
		assertThat(MiddlewareTester.of(greeting).exchange(MockServerHttpRequest.get("/"))).answered().hasBody("stub");
	}

	@Test
	void initializesAnInstanceOnceForEachTester() {
		Greeting greeting = new Greeting();
		greeting.text = "stub";
		MiddlewareTester tester = MiddlewareTester.of(greeting);
		tester.exchange(MockServerHttpRequest.get("/"));
		tester.exchange(MockServerHttpRequest.get("/"));
		assertThat(greeting.initialized).isEqualTo(1);
		tester.withPrincipal(() -> "ann").exchange(MockServerHttpRequest.get("/"));
		assertThat(greeting.initialized).isEqualTo(2);
	}

	@Test
	void injectsWhatAConfigurationClassDeclares() {
		assertThat(
				MiddlewareTester.ofConfiguration(GreetingConfiguration.class).exchange(MockServerHttpRequest.get("/")))
			.answered()
			.hasBody("bean");
	}

	@Test
	void keepsTheOrderThatAnInstanceHasItself() {
		WebFilter filter = (exchange, chain) -> chain.filter(exchange);
		assertThat(MiddlewareTester.of()
			.withMiddleware("second", new Placed(2))
			.withMiddleware("first", new Placed(1))
			.withFilter("last", filter)
			.exchange(MockServerHttpRequest.get("/"))).ran("first", "second", "last");
	}

	@AsyncMiddleware
	static class Greeting implements InitializingBean {

		private int initialized;

		@Autowired
		private CharSequence text;

		@Override
		public void afterPropertiesSet() {
			this.initialized++;
		}

		@OnRequest(blocking = false)
		ResponseEntity<String> answer() {
			return ResponseEntity.ok(this.text.toString());
		}

	}

	@AsyncMiddleware
	static class Placed implements Ordered {

		private final int order;

		Placed(int order) {
			this.order = order;
		}

		@Override
		public int getOrder() {
			return this.order;
		}

		@OnRequest(blocking = false)
		void load() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class GreetingConfiguration {

		@Bean
		Greeting greeting() {
			return new Greeting();
		}

		@Bean
		CharSequence text() {
			return "bean";
		}

	}

}
