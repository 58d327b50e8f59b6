package io.github.asyncmiddleware.ecosystem;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
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
 * Tests that transactions of R2DBC are the same with middlewares, see the context that a
 * middleware writes, and can be a middleware themselves.
 */
class TransactionTests {

	private static final String OWN_DATABASE = "spring.r2dbc.generate-unique-name=true";

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(Application.class, Library.R2DBC).with(OWN_DATABASE).isSame(6, TransactionTests::visit);
	}

	private static void visit(Browser browser) {
		assertThat(post(browser, "/orders/tea").body()).isEqualTo("added");
		assertThat(browser.get("/orders").body()).isEqualTo("tea none");
		assertThat(post(browser, "/orders/cake/fail").status()).isEqualTo(500);
		assertThat(post(browser, "/orders/tea").status()).isEqualTo(500);
		assertThat(post(browser, "/orders/pie/refuse").status()).isEqualTo(409);
		assertThat(browser.get("/orders").body()).isEqualTo("tea none");
	}

	@Test
	void seesTheContextOfAMiddleware() {
		try (RunningApplication running = start(WithTenant.class)) {
			Browser browser = new Browser(running.port());
			assertThat(post(browser, "/orders/tea").body()).isEqualTo("added");
			assertThat(browser.get("/orders").body()).isEqualTo("tea acme");
		}
	}

	@Test
	void isOneForTheWholeRequestAroundTheRestOfTheChain() {
		try (RunningApplication running = start(WithFilter.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(post(browser, "/orders/two/parts").status()).isEqualTo(500);
			assertThat(browser.get("/orders").body()).isEmpty();
			assertThat(post(browser, "/orders/tea").body()).isEqualTo("added");
			assertThat(browser.get("/orders").body()).isEqualTo("tea none");
			assertThat(records.after(4)).containsEntry("own transaction passed", 4);
		}
	}

	@Test
	void isUndoneByTheStatusOfAnAwaitedResponse() {
		try (RunningApplication running = start(WithStatus.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(post(browser, "/orders/pie/answer-conflict").status()).isEqualTo(409);
			assertThat(browser.get("/orders").body()).isEmpty();
			assertThat(post(browser, "/orders/tea").body()).isEqualTo("added");
			assertThat(browser.get("/orders").body()).isEqualTo("tea none");
			assertThat(records.after(4)).containsEntry("own status passed", 4);
		}
	}

	private static RunningApplication start(Class<?> application) {
		return RunningApplication.start(Library.R2DBC, application, OWN_DATABASE);
	}

	private static Browser.Answer post(Browser browser, String path) {
		return browser.post(path, "text/plain", "");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Shop.class, Orders.class })
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, Tenant.class })
	static class WithTenant {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, TransactionFilter.class })
	static class WithFilter {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, TransactionByStatus.class })
	static class WithStatus {

	}

	@RestController
	static class Shop {

		private final Orders orders;

		Shop(Orders orders) {
			this.orders = orders;
		}

		@GetMapping("/orders")
		Mono<String> all() {
			return this.orders.all();
		}

		@PostMapping("/orders/{item}")
		Mono<String> add(@PathVariable String item) {
			return this.orders.add(item).thenReturn("added");
		}

		@PostMapping("/orders/{item}/fail")
		Mono<String> addAndFail(@PathVariable String item) {
			return this.orders.addThen(item, new IllegalStateException("on purpose")).thenReturn("added");
		}

		@PostMapping("/orders/{item}/refuse")
		Mono<String> addAndRefuse(@PathVariable String item) {
			return this.orders.addThen(item, new ResponseStatusException(HttpStatus.CONFLICT)).thenReturn("added");
		}

		@PostMapping("/orders/two/parts")
		Mono<String> addInTwoParts() {
			return this.orders.add("one")
				.then(this.orders.addThen("two", new IllegalStateException("on purpose")))
				.thenReturn("added");
		}

		@PostMapping("/orders/{item}/answer-conflict")
		Mono<ResponseEntity<String>> addAndAnswerConflict(@PathVariable String item) {
			return this.orders.add(item).thenReturn(ResponseEntity.status(HttpStatus.CONFLICT).body("no"));
		}

	}

	@Service
	static class Orders {

		private final DatabaseClient client;

		Orders(DatabaseClient client) {
			this.client = client;
		}

		Mono<String> all() {
			return this.client.sql("SELECT item, tenant FROM orders")
				.map((row) -> row.get("item", String.class) + " " + row.get("tenant", String.class))
				.all()
				.reduce("", (all, order) -> all + order);
		}

		@Transactional
		Mono<Void> add(String item) {
			return Mono.deferContextual((context) -> this.client.sql("INSERT INTO orders VALUES (:item, :tenant)")
				.bind("item", item)
				.bind("tenant", context.getOrDefault("tenant", "none"))
				.then());
		}

		@Transactional
		Mono<Void> addThen(String item, Exception failure) {
			return add(item).then(Mono.error(failure));
		}

	}

	@AsyncMiddleware("tenant")
	static class Tenant implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).contextWrite((context) -> context.put("tenant", "acme"));
		}

	}

	@AsyncMiddleware("transaction")
	static class TransactionFilter implements WebFilter {

		private final TransactionalOperator transaction;

		TransactionFilter(TransactionalOperator transaction) {
			this.transaction = transaction;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).as(this.transaction::transactional);
		}

	}

	@AsyncMiddleware("status")
	static class TransactionByStatus implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		private final TransactionalOperator transaction;

		TransactionByStatus(TransactionalOperator transaction) {
			this.transaction = transaction;
		}

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return this.transaction.execute((status) -> next.handle(request).doOnNext((response) -> {
				if (response.statusCode().isError()) {
					status.setRollbackOnly();
				}
			})).cast(ServerResponse.class).single();
		}

	}

}
