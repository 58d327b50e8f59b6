package io.github.asyncmiddleware.ecosystem;

import java.time.Duration;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.graphql.data.method.annotation.Argument;
import org.springframework.graphql.data.method.annotation.MutationMapping;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.data.method.annotation.SubscriptionMapping;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that middlewares work in front of Spring for GraphQL, and leave everything as it
 * is where they change nothing.
 */
class GraphQlTests {

	private static final String WEB_SOCKET = "spring.graphql.websocket.path=/graphql-socket";

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(Application.class, Library.GRAPHQL).with(WEB_SOCKET).isSame(10, GraphQlTests::visit);
	}

	private static void visit(Browser browser) {
		assertThat(ask(browser, "{ greeting(name: \\\"Ann\\\") }").body())
			.isEqualTo("{\"data\":{\"greeting\":\"Hello Ann\"}}");
		assertThat(ask(browser, "{ slow }").body()).isEqualTo("{\"data\":{\"slow\":\"at last\"}}");
		assertThat(ask(browser, "{ fails }").body()).contains("\"errors\"");
		assertThat(ask(browser, "{ nonsense }").body()).contains("\"errors\"");
		assertThat(ask(browser, "mutation { rename(to: \\\"Bob\\\") }").body()).contains("Bob");
		assertThat(ask(browser, "subscription { count(to: 3) }", "Accept: text/event-stream").body())
			.contains("\"count\":3");
		assertThat(browser.post("/graphql", "application/json", "{").status()).isEqualTo(400);
		assertThat(browser.post("/graphql", "text/plain", "no").status()).isEqualTo(415);
		assertThat(browser.get("/graphql").status()).isEqualTo(405);
		browser.remember(subscribe(browser.port()));
	}

	private static Browser.Answer ask(Browser browser, String query, String... headers) {
		return browser.post("/graphql", "application/json", "{\"query\":\"" + query + "\"}", headers);
	}

	private static String subscribe(int port) {
		try (WebSocketClient socket = new WebSocketClient(port, "/graphql-socket", "graphql-transport-ws")) {
			StringBuilder all = new StringBuilder();
			socket.send("{\"type\":\"connection_init\"}");
			all.append(socket.receive());
			socket.send("""
					{"id":"1","type":"subscribe","payload":{"query":"subscription { count(to: 2) }"}}""");
			for (int i = 0; i < 3; i++) {
				all.append('\n').append(socket.receive());
			}
			assertThat(all.toString()).contains("\"count\":2").contains("complete");
			return all.toString();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void handsTheContextOfAMiddlewareToDataFetchers() {
		try (RunningApplication running = RunningApplication.start(Library.GRAPHQL, WithTenant.class)) {
			assertThat(ask(new Browser(running.port()), "{ tenant }", "X-Tenant: acme").body())
				.isEqualTo("{\"data\":{\"tenant\":\"acme\"}}");
		}
	}

	@Test
	void isNotReachedWhereAMiddlewareAnswers() {
		try (RunningApplication running = RunningApplication.start(Library.GRAPHQL, WithKeys.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(ask(browser, "{ slow }").status()).isEqualTo(401);
			assertThat(ask(browser, "{ slow }", "X-Key: secret").status()).isEqualTo(200);
			assertThat(records.after(2)).containsEntry("own keys answered", 1).containsEntry("own keys passed", 1);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Fetchers.class)
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, Tenant.class })
	static class WithTenant {

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, Keys.class })
	static class WithKeys {

	}

	@Controller
	static class Fetchers {

		@QueryMapping
		String greeting(@Argument String name) {
			return "Hello " + name;
		}

		@QueryMapping
		Mono<String> slow() {
			return Mono.delay(Duration.ofMillis(20)).thenReturn("at last");
		}

		@QueryMapping
		Mono<String> fails() {
			return Mono.error(new IllegalStateException("on purpose"));
		}

		@QueryMapping
		Mono<String> tenant() {
			return Mono.deferContextual((context) -> Mono.just(context.getOrDefault("tenant", "none")));
		}

		@MutationMapping
		String rename(@Argument String to) {
			return to;
		}

		@SubscriptionMapping
		Flux<Integer> count(@Argument int to) {
			return Flux.range(1, to);
		}

	}

	@AsyncMiddleware("tenant")
	static class Tenant implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			String tenant = exchange.getRequest().getHeaders().getFirst("X-Tenant");
			return chain.filter(exchange)
				.contextWrite((context) -> (tenant != null) ? context.put("tenant", tenant) : context);
		}

	}

	@AsyncMiddleware(value = "keys", path = "/graphql")
	static class Keys {

		@OnRequest
		@Nullable ResponseEntity<Void> check(@RequestHeader(name = "X-Key", defaultValue = "") String key) {
			return key.isEmpty() ? ResponseEntity.status(HttpStatus.UNAUTHORIZED).build() : null;
		}

	}

}
