package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests on each server that Spring Boot starts for WebFlux: the faults of the soak, and
 * what is known of a client that leaves.
 * <p>
 * Reactor Netty cancels the request of such a client. Servlet containers notice only when
 * they write, so there the chain runs on, and the request is recorded when it has
 * answered.
 */
@Tag("servers")
class ServersTests {

	private static final int REQUESTS = 2_000;

	private static final int BROKEN_BODIES = 50;

	@ParameterizedTest
	@EnumSource
	void loseNothing(Server server) throws Exception {
		Soak soak = Soak.run(server, SoakTests.SEED, REQUESTS);
		for (String figure : Soak.ZERO) {
			assertThat(soak.get(figure)).as("%s, in%n%s%n%s", figure, soak.table(), soak.notes()).isZero();
		}
		// Tomcat does, if rarely, see docs/reliability.md
		if (server != Server.TOMCAT) {
			assertThat(soak.get("requests that the server never ended")).as(soak.table()).isZero();
		}
	}

	@Test
	void reactorNettyCancelsTheRequestOfAClientThatLeaves() {
		try (BootServer server = start(Server.REACTOR_NETTY)) {
			leaveWhileItWaits(server);
			await().untilAsserted(() -> assertThat(server.records().all())
				.containsExactlyInAnyOrder("requests gone_before_head", "own passes passed"));
			assertThat(server.bean(Waiting.class).answered).isFalse();
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "JETTY" })
	void servletContainersRecordItWhenItHasAnswered(Server kind) {
		try (BootServer server = start(kind)) {
			leaveWhileItWaits(server);
			// Another request comes and goes meanwhile
			Answer other = Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/alive");
			assertThat(other.text()).isEqualTo("200 alive");
			await().until(() -> server.records().sum("requests ") == 1);
			server.bean(Waiting.class).go.tryEmitEmpty();
			await().until(() -> server.records().sum("requests ") == 2);
			Records records = server.records();
			assertThat(server.bean(Waiting.class).answered).isTrue();
			assertThat(records.count("own passes passed")).isEqualTo(2);
			assertThat(records.sum("own ")).isEqualTo(2);
			assertThat(records.sum("requests ok") + records.sum("requests gone_")).isEqualTo(2);
		}
	}

	/**
	 * As long as the body is read on a thread of Tomcat, see docs/reliability.md.
	 */
	@ParameterizedTest
	@EnumSource(names = { "FIN", "RST" })
	void tomcatEndsTheRequestOfAClientThatBreaksItsBodyOff(Leaving leaving) {
		try (BootServer server = start(Server.TOMCAT)) {
			for (int i = 0; i < BROKEN_BODIES; i++) {
				try (Client client = Protocol.HTTP_1_1.connect(server.port())) {
					client.head("POST", "/reads", false, "Content-Type: application/x-www-form-urlencoded",
							"Content-Length: 50");
					client.body("a=1", true);
					await().until(() -> server.bean(Waiting.class).entered.getAndSet(false));
					client.leave(leaving);
				}
			}
			await().untilAsserted(() -> assertThat(server.records().counts()).containsEntry("requests gone_before_head",
					BROKEN_BODIES));
			assertThat(server.records().sum("requests ")).isEqualTo(BROKEN_BODIES);
			assertThat(server.records().sum("own passes ")).isEqualTo(BROKEN_BODIES);
		}
	}

	private static BootServer start(Server server) {
		return BootServer.start(List.of(App.class), server.property(), "server.http2.enabled=" + server.speaksHttp2());
	}

	private static void leaveWhileItWaits(BootServer server) {
		try (Client client = Protocol.HTTP_1_1.connect(server.port())) {
			client.head("GET", "/waits", true);
			await().until(() -> server.bean(Waiting.class).entered.get());
			client.leave(Leaving.RST);
		}
	}

	private static ConditionFactory await() {
		return Awaitility.await().dontCatchUncaughtExceptions().atMost(30, TimeUnit.SECONDS);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Waiting.class)
	static class App {

		@Bean
		@AsyncMiddleware
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

	}

	/**
	 * A handler that waits until the test lets it go on.
	 */
	@RestController
	static class Waiting {

		final AtomicBoolean entered = new AtomicBoolean();

		final AtomicBoolean answered = new AtomicBoolean();

		final Sinks.Empty<String> go = Sinks.empty();

		@GetMapping("/waits")
		Mono<String> waits() {
			this.entered.set(true);
			return this.go.asMono().switchIfEmpty(Mono.just("answer")).doOnNext((text) -> this.answered.set(true));
		}

		@PostMapping("/reads")
		Mono<String> reads(ServerWebExchange exchange) {
			this.entered.set(true);
			return exchange.getFormData().map(Object::toString);
		}

		@GetMapping("/alive")
		Mono<String> alive() {
			return Mono.delay(Duration.ofMillis(1)).thenReturn("alive");
		}

	}

}
