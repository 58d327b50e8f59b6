package io.github.asyncmiddleware.wire;

import java.io.UncheckedIOException;
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
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

	private static final int STREAMS = 1_000;

	/** What Netty lets a connection reset before it closes it. */
	private static final int STREAMS_OF_ONE = 200;

	private static final int DRIPPING = 50;

	@ParameterizedTest
	@EnumSource
	void resetEachStreamAtOnce(Style style) {
		try (BootServer server = BootServer.start(App.class, "wire.style=" + style, "wire.count=2")) {
			for (int i = 0; i < STREAMS; i += STREAMS_OF_ONE) {
				openAndReset(server.port());
			}
			assertThat(Client.exchange(Protocol.H2C, server.port(), "GET", "/alive").text()).isEqualTo("200 alive");
			LongAdder arrived = server.bean(LongAdder.class);
			Patience.await().untilAsserted(() -> {
				Records records = server.records();
				assertThat(records.sum("requests ")).isEqualTo(arrived.intValue());
				assertThat(records.sum("own passThrough0 ")).isEqualTo(arrived.intValue());
				assertThat(server.bean(LostEnds.class).open()).isZero();
				assertThat(Soak.gauges(server.bean(SimpleMeterRegistry.class))).isZero();
			});
			assertThat(arrived.intValue()).isGreaterThan(STREAMS / 2);
		}
	}

	private static void openAndReset(int port) {
		try (Client client = Protocol.H2C.connect(port)) {
			for (int i = 0; i < STREAMS_OF_ONE; i++) {
				client.head("GET", "/never", true);
				client.leave(Leaving.RST_STREAM);
			}
			// Behind all of them on the connection
			client.head("GET", "/alive", true);
			client.answer();
		}
		catch (UncheckedIOException ex) {
			// The server has had enough of this connection
		}
	}

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

		@GetMapping("/never")
		Mono<String> never() {
			return Mono.never();
		}

		@GetMapping("/alive")
		Mono<String> alive() {
			return Mono.delay(Duration.ofMillis(1)).thenReturn("alive");
		}

	}

}
