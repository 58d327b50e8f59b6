package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that want a server to have work and no use: it stays up, and each
 * request that has reached it is recorded once.
 */
class HostileClientsTests {

	private static final int DRIPPING = 50;

	@Test
	void sendTheirHeadByteByByteAndNeverToItsEnd() {
		List<Http1Client> clients = new ArrayList<>();
		try (BootServer server = BootServer.start(App.class, "wire.style=blocking", "wire.count=2")) {
			for (int i = 0; i < DRIPPING; i++) {
				clients.add(new Http1Client(server.port()));
			}
			for (char next : "GET /alive HTTP/1.1\r\nHost: test\r\nX-Drip: ".toCharArray()) {
				clients.forEach((client) -> client.write(String.valueOf(next)));
			}
			assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/alive").text())
				.isEqualTo("200 alive");
			// One of them ends it, and is answered as any other
			clients.get(0).write("1\r\n\r\n");
			assertThat(clients.get(0).answerTo("GET").text()).isEqualTo("200 alive");
			clients.forEach((client) -> client.leave(Leaving.RST));
			Patience.await().until(() -> server.records().sum("requests ") == 2);
			assertThat(server.records().count("requests ok")).isEqualTo(2);
			assertThat(server.bean(LongAdder.class).intValue()).isEqualTo(2);
			Patience.await()
				.untilAsserted(() -> assertThat(Soak.gauges(server.bean(SimpleMeterRegistry.class))).isZero());
		}
		finally {
			clients.forEach(Client::close);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ HeapBuffers.class, PassThroughs.class, Controller.class })
	static class App {

		@Bean
		LongAdder arrived() {
			return new LongAdder();
		}

		@Bean
		LostEnds ends() {
			return new LostEnds();
		}

		@Bean
		HttpHandlerDecoratorFactory followed(LongAdder arrived, LostEnds ends) {
			return (handler) -> ends.follow((request, response) -> {
				arrived.increment();
				return handler.handle(request, response);
			});
		}

	}

	@RestController
	static class Controller {

		@GetMapping("/alive")
		Mono<String> alive() {
			return Mono.delay(Duration.ofMillis(1)).thenReturn("alive");
		}

	}

}
