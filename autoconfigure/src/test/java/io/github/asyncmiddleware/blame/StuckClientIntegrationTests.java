package io.github.asyncmiddleware.blame;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that withhold their body from a middleware that wants to read it.
 */
@TestInstance(Lifecycle.PER_CLASS)
class StuckClientIntegrationTests {

	private static final Duration SEVERAL_LOOKS = Duration.ofSeconds(4);

	private static final List<String> READERS = List.of("filter", "filterSkip", "await", "hook", "blockingHook",
			"filterWithoutLimit", "hookWithoutLimit", "passes");

	/** A slow start of a thread is a block, and has a line of its own. */
	private static final String NO_WATCH = "async-middleware.blocking-watch.enabled=false";

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class, "async-middleware.stuck-after=1s", NO_WATCH);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@ParameterizedTest
	@EnumSource
	void areNotHeldAgainstIt(Protocol protocol) {
		MeterChanges changes = this.server.changes();
		List<Client> clients = new ArrayList<>();
		try (LogCapture log = LogCapture.ofOurs()) {
			for (String reader : READERS) {
				Client client = protocol.connect(this.server.port());
				clients.add(client);
				client.form("POST", "/" + reader, 3);
				client.body("a", false);
			}
			Awaitility.await()
				.during(SEVERAL_LOOKS)
				.atMost(SEVERAL_LOOKS.plusSeconds(30))
				.untilAsserted(() -> assertThat(log.events()).isEmpty());
			for (Client client : clients) {
				client.body("=b", true);
				assertThat(client.answer().body()).isEqualTo("b");
			}
			assertThat(changes.after(READERS.size())).filteredOn((sample) -> sample.startsWith("own "))
				.containsExactlyInAnyOrderElementsOf(
						READERS.stream().map((name) -> "own " + name + " passed").toList());
			assertThat(log.events()).isEmpty();
		}
		finally {
			clients.forEach(Client::close);
		}
	}

	@ParameterizedTest
	@EnumSource
	void areToldFromMiddlewaresThatAreStuckThemselves(Protocol protocol) {
		try (BootServer fresh = BootServer.start(Application.class, "async-middleware.stuck-after=1s", NO_WATCH);
				LogCapture log = LogCapture.ofOurs();
				Client client = protocol.connect(fresh.port())) {
			client.form("POST", "/stuck", 3);
			client.body("a=b", true);
			Awaitility.await()
				.atMost(Duration.ofSeconds(10))
				.untilAsserted(() -> assertThat(log.events()).singleElement().asString().contains("'stuck'"));
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@AsyncMiddleware(path = "/filter", timeout = "2s")
		WebFilter filter() {
			return (exchange, chain) -> exchange.getFormData().then(Mono.defer(() -> chain.filter(exchange)));
		}

		@Bean
		@AsyncMiddleware(path = "/filterSkip", timeout = "2s", onFailure = OnFailure.SKIP)
		WebFilter filterSkip() {
			return (exchange, chain) -> exchange.getFormData().flatMap((form) -> chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/filterWithoutLimit")
		WebFilter filterWithoutLimit() {
			return (exchange, chain) -> exchange.getFormData().flatMap((form) -> chain.filter(exchange).then());
		}

		@Bean
		@AsyncMiddleware(path = "/await", timeout = "2s")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request,
					next) -> request.formData().flatMap((form) -> next.handle(request)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/hook", timeout = "2s")
		Hook hook() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/hookWithoutLimit")
		Hook hookWithoutLimit() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/blockingHook", timeout = "2s")
		BlockingHook blockingHook() {
			return new BlockingHook();
		}

		@Bean
		@AsyncMiddleware(path = "/passes", timeout = "2s")
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(path = "/stuck")
		WebFilter stuck() {
			return (exchange, chain) -> exchange.getFormData().then(Mono.never());
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	/**
	 * Reads the form.
	 */
	static class Hook {

		@OnRequest
		Mono<Void> read(ServerWebExchange exchange) {
			return exchange.getFormData().then();
		}

	}

	/**
	 * Reads the form, and blocks until it is there.
	 */
	static class BlockingHook {

		@OnRequest
		void read(ServerWebExchange exchange) {
			exchange.getFormData().block();
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/**")
		Mono<String> any(ServerWebExchange exchange) {
			return exchange.getFormData().mapNotNull((form) -> form.getFirst("a"));
		}

	}

}
