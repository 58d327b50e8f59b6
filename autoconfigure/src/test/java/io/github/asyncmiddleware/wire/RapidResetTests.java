package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Http2Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that open streams and reset them at once, as fast as they can write
 * (CVE-2023-44487): each request that has reached the server is recorded once, nothing of
 * it stays, and others are answered.
 */
class RapidResetTests {

	private static final int CONNECTIONS = 4;

	private static final int STREAMS = 2_500;

	/** Less than the 100 streams that Reactor Netty lets a connection have at once. */
	private static final int AT_ONCE = 50;

	/**
	 * What Netty lets a connection reset in 30 seconds before it closes it, and the
	 * streams that were opened when that happens.
	 */
	private static final int LIMIT = 200 + AT_ONCE;

	/**
	 * 10,000 streams are written in 20 to 400 ms on a machine with two processors, and
	 * are read in 1 to 11 seconds, with all that is detected in tests.
	 */
	@ParameterizedTest
	@EnumSource
	void leaveNothingBehind(Style style) throws IOException {
		try (BootServer server = start(style, "wire.unlimited=true")) {
			long begin = System.nanoTime();
			List<Http2Client> clients = connect(server);
			for (int i = 0; i < STREAMS; i += AT_ONCE) {
				clients.forEach((client) -> client.openAndReset("/never", AT_ONCE));
			}
			long written = System.nanoTime();
			// Behind all of them on each connection, which a slow machine works off for
			// longer
			clients.forEach((client) -> client.patience(Duration.ofMinutes(3)));
			clients.forEach((client) -> assertThat(client.sendNext("GET", "/alive").text()).isEqualTo("200 alive"));
			Files.writeString(Path.of("target", "rapid-reset-" + style + ".txt"),
					"%,d streams written in %,d ms, read in %,d ms%n".formatted(CONNECTIONS * STREAMS,
							TimeUnit.NANOSECONDS.toMillis(written - begin),
							TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)));
			clients.forEach(Client::close);
			assertNothingIsLeft(server, CONNECTIONS * (STREAMS + 1));
			if (style != Style.BLOCKING) {
				assertThat(server.bean(Counts.class).handled.sum()).isEqualTo(CONNECTIONS * STREAMS);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void leaveNothingBehindWhereTheServerClosesTheConnection(Style style) {
		try (BootServer server = start(style)) {
			List<Http2Client> clients = connect(server);
			clients.forEach(RapidResetTests::openAndResetUntilClosed);
			assertThat(Client.exchange(Protocol.H2C, server.port(), "GET", "/alive").text()).isEqualTo("200 alive");
			assertNothingIsLeft(server, CONNECTIONS * LIMIT + 1);
			clients.forEach(Client::close);
		}
	}

	private static void openAndResetUntilClosed(Http2Client client) {
		try {
			for (int i = 0; i < STREAMS; i += AT_ONCE) {
				client.openAndReset("/never", AT_ONCE);
			}
			client.head("GET", "/alive", true);
		}
		catch (UncheckedIOException ex) {
			// Closed by the server
		}
		Answer answer = client.answer();
		assertThat(answer.complete()).as("%s", answer).isFalse();
	}

	private static List<Http2Client> connect(BootServer server) {
		List<Http2Client> clients = new ArrayList<>();
		for (int i = 0; i < CONNECTIONS; i++) {
			clients.add(new Http2Client(server.port()));
		}
		return clients;
	}

	private static void assertNothingIsLeft(BootServer server, int requests) {
		Patience.await().untilAsserted(() -> {
			assertThat(server.bean(Counts.class).arrived.sum()).isEqualTo(requests);
			Records records = server.records();
			assertThat(records.sum("requests ")).isEqualTo(requests);
			assertThat(records.sum("own passThrough0 ")).isEqualTo(requests);
			assertThat(server.bean(LostEnds.class).open()).isZero();
			assertThat(server.bean(DeadlineWheel.class).timers()).isZero();
			assertThat(Soak.gauges(server.bean(SimpleMeterRegistry.class))).isZero();
		});
	}

	private static BootServer start(Style style, String... properties) {
		List<String> all = new ArrayList<>(List.of(properties));
		all.addAll(List.of("wire.style=" + style, "wire.count=2", "async-middleware.middleware.passThrough0.timeout=1h",
				"async-middleware.middleware.passThrough1.timeout=1h"));
		return BootServer.start(App.class, all.toArray(String[]::new));
	}

	/**
	 * How many requests have reached the server, and the handler.
	 */
	record Counts(LongAdder arrived, LongAdder handled) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ HeapBuffers.class, PassThroughs.class, Controller.class })
	static class App {

		@Bean
		Counts counts() {
			return new Counts(new LongAdder(), new LongAdder());
		}

		@Bean
		LostEnds ends() {
			return new LostEnds();
		}

		@Bean
		HttpHandlerDecoratorFactory followed(Counts counts, LostEnds ends) {
			return (handler) -> ends.follow((request, response) -> {
				counts.arrived.increment();
				return handler.handle(request, response);
			});
		}

		/**
		 * Behind the customizer of Boot, which sets all settings of HTTP/2 anew: what a
		 * {@code NettyServerCustomizer} bean says of them is lost.
		 */
		@Bean
		@ConditionalOnProperty("wire.unlimited")
		WebServerFactoryCustomizer<NettyReactiveWebServerFactory> unlimited() {
			return (factory) -> factory.addServerCustomizers((server) -> server
				.http2Settings((settings) -> settings.maxDecodedRstFramesPerWindow(Integer.MAX_VALUE, 30)));
		}

	}

	@RestController
	record Controller(Counts counts) {

		@GetMapping("/never")
		Mono<String> never() {
			this.counts.handled.increment();
			return Mono.never();
		}

		@GetMapping("/alive")
		String alive() {
			return "alive";
		}

	}

}
