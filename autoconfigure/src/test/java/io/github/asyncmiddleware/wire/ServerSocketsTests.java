package io.github.asyncmiddleware.wire;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.server.RequestUpgradeStrategy;
import org.springframework.web.reactive.socket.server.WebSocketService;
import org.springframework.web.reactive.socket.server.support.HandshakeWebSocketService;
import org.springframework.web.reactive.socket.server.upgrade.JettyRequestUpgradeStrategy;
import org.springframework.web.reactive.socket.server.upgrade.ReactorNettyRequestUpgradeStrategy;
import org.springframework.web.reactive.socket.server.upgrade.StandardWebSocketUpgradeStrategy;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for WebSockets on each server that Spring Boot starts for WebFlux: behind every
 * style of middleware they echo, and each is recorded once, as an upgrade. Only Tomcat is
 * not asked behind a middleware that blocks: behind a filter with a {@code subscribeOn},
 * and without the starter, it was seen to close the connection of a handshake that
 * another thread than its own makes, or to lose a frame.
 */
@Tag("servers")
class ServerSocketsTests {

	private static final int TIMES = 20;

	private static final int COUNT = 3;

	private static final String[] WEB_SOCKET = { "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" };

	/** The text "hi", masked with zeros. */
	private static final String FRAME = "\u0081\u0082\0\0\0\0hi";

	private static final String ECHO = "\u0081\u0002hi";

	/** Closes with 1000, masked with zeros. */
	private static final String CLOSE = "\u0088\u0082\0\0\0\0\u0003\u00e8";

	static Stream<Arguments> servers() {
		return Stream.of(Server.values())
			.flatMap((server) -> Stream.of(Style.values())
				.filter((style) -> server != Server.TOMCAT || style != Style.BLOCKING)
				.map((style) -> Arguments.of(server, style)));
	}

	@ParameterizedTest
	@MethodSource("servers")
	void echoAndAreRecordedOnce(Server kind, Style style) {
		try (BootServer server = BootServer.start(List.of(App.class), kind.property(), "wire.server=" + kind,
				"wire.style=" + style, "wire.count=" + COUNT, "server.http2.enabled=" + kind.speaksHttp2())) {
			for (int i = 0; i < TIMES; i++) {
				try (Http1Client client = new Http1Client(server.port())) {
					Answer answer = client.sendNext("GET", "/socket", WEB_SOCKET);
					assertThat(answer.status()).isEqualTo(101);
					// The one that belongs to the key, as the RFC has it
					assertThat(answer.headers().getFirst("Sec-WebSocket-Accept"))
						.isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
					for (int frame = 0; frame < 3; frame++) {
						client.write(FRAME);
						assertThat(new String(client.readBytes(ECHO.length()), StandardCharsets.ISO_8859_1))
							.as("echo %d of connection %d", frame, i)
							.isEqualTo(ECHO);
					}
					client.write(CLOSE);
					assertThat(client.readToEnd()).startsWith("\u0088");
				}
			}
			Patience.await().untilAsserted(() -> {
				Map<String, Integer> counts = server.records().counts();
				assertThat(counts).containsEntry("requests upgraded", TIMES);
				for (int i = 0; i < COUNT; i++) {
					assertThat(counts).containsEntry("own passThrough" + i + " passed", TIMES);
				}
			});
			assertThat(server.records().sum("requests ")).isEqualTo(TIMES);
			assertThat(server.records().sum("own ")).isEqualTo(TIMES * COUNT);
		}
		catch (Throwable ex) {
			// Of a test with parameters, the end of a build names only the method
			throw new AssertionError(kind + ", " + style + ": " + ex.getMessage(), ex);
		}
	}

	/**
	 * The version of the protocol is what servers look at themselves, after Spring has
	 * committed the response. Jetty refuses with a 200, which is recorded as the 426 that
	 * the RFC asks for. For Reactor Netty no version is that of the first drafts.
	 */
	@ParameterizedTest
	@EnumSource
	void areUpgradesIfTheServerSpeaksTheirVersion(Server kind) {
		try (BootServer server = BootServer.start(List.of(App.class), kind.property(), "wire.server=" + kind,
				"wire.style=" + Style.NATIVE, "wire.count=" + COUNT, "server.http2.enabled=" + kind.speaksHttp2())) {
			for (String version : List.of("13", "8", "7", "0", "99", (kind == Server.REACTOR_NETTY) ? "1" : "none")) {
				Records before = server.records();
				boolean upgraded;
				try (Http1Client client = new Http1Client(server.port())) {
					upgraded = client.sendNext("GET", "/socket", handshake(version)).status() == 101;
				}
				assertThat(upgraded).as("version %s on %s", version, kind)
					.isEqualTo(version.equals("13")
							|| (kind == Server.REACTOR_NETTY && List.of("7", "8").contains(version)));
				Patience.await().untilAsserted(() -> {
					Map<String, Integer> counts = server.records().since(before).counts();
					assertThat(counts).as("version %s on %s", version, kind)
						.containsEntry("request.ttfb " + (upgraded ? 101 : 426), 1);
					assertThat(counts.containsKey("requests upgraded")).as("version %s on %s", version, kind)
						.isEqualTo(upgraded);
				});
			}
		}
	}

	private static String[] handshake(String version) {
		return Stream.of(WEB_SOCKET)
			.filter((header) -> !header.startsWith("Sec-WebSocket-Version") || !version.equals("none"))
			.map((header) -> header.startsWith("Sec-WebSocket-Version") ? "Sec-WebSocket-Version: " + version : header)
			.toArray(String[]::new);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ PassThroughs.class, Strategy.class })
	static class App {

		@Bean
		HandlerMapping webSockets() {
			WebSocketHandler echo = (session) -> session
				.send(session.receive().map((message) -> session.textMessage(message.getPayloadAsText())));
			return new SimpleUrlHandlerMapping(Map.of("/socket", echo), -1);
		}

	}

	/**
	 * The strategy for the server of the test: Spring takes what it finds first on the
	 * class path, and here that has three servers.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Strategy implements WebFluxConfigurer {

		private final Environment environment;

		Strategy(Environment environment) {
			this.environment = environment;
		}

		@Override
		public WebSocketService getWebSocketService() {
			RequestUpgradeStrategy strategy = switch (this.environment.getRequiredProperty("wire.server",
					Server.class)) {
				case REACTOR_NETTY -> new ReactorNettyRequestUpgradeStrategy();
				case TOMCAT -> new StandardWebSocketUpgradeStrategy();
				case JETTY -> new JettyRequestUpgradeStrategy();
			};
			return new HandshakeWebSocketService(strategy);
		}

	}

}
