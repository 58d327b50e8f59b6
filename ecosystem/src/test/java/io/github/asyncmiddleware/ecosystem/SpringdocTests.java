package io.github.asyncmiddleware.ecosystem;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that springdoc describes an application with middlewares as it does without.
 */
class SpringdocTests {

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(Application.class, Library.SPRINGDOC).isSame(4, SpringdocTests::visit);
	}

	private static void visit(Browser browser) {
		assertThat(browser.get("/v3/api-docs").body()).contains("/orders/{id}").doesNotContain("async");
		assertThat(browser.get("/v3/api-docs.yaml").body()).contains("/orders/{id}");
		assertThat(browser.get("/orders/7").body()).isEqualTo("{\"id\":7,\"item\":\"tea\"}");
		assertThat(browser.post("/orders", "application/json", "{\"id\":8,\"item\":\"cake\"}").status()).isEqualTo(200);
	}

	@Test
	void describesTheEndpointsOfMiddlewares() {
		try (RunningApplication running = RunningApplication.start(Library.SPRINGDOC, Application.class,
				"springdoc.show-actuator=true", "management.endpoints.web.exposure.include=*")) {
			assertThat(new Browser(running.port()).get("/v3/api-docs").body())
				.contains("/actuator/asyncmiddleware/{name}", "/actuator/slowrequests");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Orders.class)
	static class Application {

	}

	@RestController
	static class Orders {

		@GetMapping("/orders/{id}")
		Mono<Order> find(@PathVariable int id) {
			return Mono.just(new Order(id, "tea"));
		}

		@PostMapping("/orders")
		Mono<Order> create(@RequestBody Mono<Order> order) {
			return order;
		}

	}

	record Order(int id, String item) {

	}

}
