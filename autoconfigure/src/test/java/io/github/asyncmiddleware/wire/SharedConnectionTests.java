package io.github.asyncmiddleware.wire;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that middlewares which change nothing leave the bytes of a connection as they
 * were, where many requests share it: one after the other, and all of them in one write.
 * <p>
 * Either all of these requests are answered at once, or all of them are answered later.
 * Where a connection has both, Reactor Netty may stop reading it (reactor-netty#4361).
 */
class SharedConnectionTests {

	private static final int CONNECTIONS = Integer.getInteger("shared.connections", 5);

	private static final int COUNT = 10;

	private static Map<Shape, List<String>> expected = Map.of();

	static Stream<Arguments> chains() {
		return Stream.concat(Stream.of(Arguments.of(Style.NATIVE, 0)),
				Stream.of(Style.values()).map((style) -> Arguments.of(style, COUNT)));
	}

	@BeforeAll
	static void askTheApplicationItself() {
		try (BootServer server = start(SameBytesTests.NO_STARTER)) {
			expected = ask(server, List.of(Shape.values()));
		}
		expected.forEach((shape, answers) -> assertThat(answers).as("%s", shape).hasSameSizeAs(shape.calls));
	}

	@ParameterizedTest
	@MethodSource("chains")
	void hasTheSameBytesInTheSameOrder(Style style, int count) {
		try (BootServer server = start("wire.style=" + style, "wire.count=" + count)) {
			List<Shape> shapes = shapes(style);
			assertThat(ask(server, shapes))
				.isEqualTo(shapes.stream().collect(Collectors.toMap((shape) -> shape, (shape) -> expected.get(shape))));
			int requests = CONNECTIONS * shapes.stream().mapToInt((shape) -> shape.calls.size()).sum();
			for (int i = 0; i < count; i++) {
				String records = "own passThrough" + i + " passed";
				Patience.await().until(() -> server.records().count(records) >= requests);
				assertThat(server.records().count(records)).isEqualTo(requests);
			}
		}
	}

	/**
	 * Behind a middleware that blocks no answer comes at once: the next request can be
	 * there before the last has ended.
	 */
	private static List<Shape> shapes(Style style) {
		return Stream.of(Shape.values()).filter((shape) -> style != Style.BLOCKING || !shape.isAtOnce()).toList();
	}

	private static Map<Shape, List<String>> ask(BootServer server, List<Shape> shapes) {
		Map<Shape, List<String>> answers = new EnumMap<>(Shape.class);
		for (Shape shape : shapes) {
			for (int i = 0; i < CONNECTIONS; i++) {
				List<String> again = shape.answers(server.port());
				assertThat(again).as("connection %d, %s", i, shape)
					.isEqualTo(answers.computeIfAbsent(shape, (first) -> again));
			}
		}
		return answers;
	}

	private static BootServer start(String... properties) {
		String[] all = Stream.concat(Stream.of(SameBytesTests.PROPERTIES), Stream.of(properties))
			.toArray(String[]::new);
		return BootServer.start(List.of(WireEndpoints.class, Chain.class), all);
	}

	/**
	 * What a client does with a connection.
	 */
	enum Shape {

		/** One after the other, none of which has to wait. */
		AT_ONCE_IN_TURNS(atOnce(), false),

		/** In one write, none of which has to wait. */
		AT_ONCE_PIPELINED(atOnce(), true),

		/** One after the other, each of which waits. */
		LATER_IN_TURNS(later(), false),

		/** In one write, each of which waits. */
		LATER_PIPELINED(later(), true);

		private final List<Call> calls;

		private final boolean pipelined;

		Shape(List<Call> calls, boolean pipelined) {
			this.calls = calls;
			this.pipelined = pipelined;
		}

		boolean isAtOnce() {
			return this == AT_ONCE_IN_TURNS || this == AT_ONCE_PIPELINED;
		}

		private static List<Call> atOnce() {
			List<Call> calls = new ArrayList<>();
			for (String path : List.of("text", "json", "empty", "json-flux", "bytes", "no-content", "buffers",
					"with-length", "not-modified", "cookies", "missing", "headers", "redirect", "teapot", "completed",
					"advised", "etag", "throws", "routed", "sse", "created")) {
				calls.add(Call.get("/" + path));
			}
			calls.add(Call.get("/etag", "If-None-Match: \"one\""));
			calls.add(Call.of("HEAD", "/text"));
			calls.add(Call.of("HEAD", "/missing"));
			calls.add(Call.post("/echo", "text/plain", "hello"));
			calls.add(Call.post("/echo-json", "application/json", "{\"name\":\"ann\",\"age\":7}"));
			calls.add(Call.of("DELETE", "/any"));
			calls.add(Call.get("/text"));
			return calls;
		}

		private static List<Call> later() {
			List<Call> calls = new ArrayList<>();
			for (String path : List.of("alive", "mono-empty", "fails", "accepted", "slow")) {
				calls.add(Call.get("/" + path));
				calls.add(Call.of("HEAD", "/" + path));
				calls.add(Call.get("/" + path));
			}
			// The heads of streams are there at once
			for (String path : List.of("ndjson", "sse-text", "ndjson", "alive")) {
				calls.add(Call.get("/" + path));
			}
			return calls;
		}

		List<String> answers(int port) {
			List<String> answers = new ArrayList<>();
			try (Http1Client client = new Http1Client(port)) {
				if (this.pipelined) {
					client.write(this.calls.stream().map(Shape::request).reduce("", String::concat));
				}
				for (Call call : this.calls) {
					if (!this.pipelined) {
						client.write(request(call));
					}
					answers.add(SameBytesTests.withoutDatesAndIds(client.bytesOfAnswerTo(call.method())));
				}
				client.leave(Leaving.FIN);
				assertThat(client.readToEnd()).isEmpty();
			}
			catch (UncheckedIOException ex) {
				throw new AssertionError("%s: no answer to %s".formatted(this, this.calls.get(answers.size())), ex);
			}
			return answers;
		}

		private static String request(Call call) {
			StringBuilder request = new StringBuilder(
					call.method() + " " + call.path() + " HTTP/1.1\r\nHost: test\r\n");
			call.headers().forEach((header) -> request.append(header).append("\r\n"));
			return request + "\r\n" + call.body();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(PassThroughs.class)
	static class Chain {

	}

}
