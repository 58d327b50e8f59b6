package io.github.asyncmiddleware.wire;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that middlewares which change nothing leave the bytes on the wire as they were:
 * every call of {@link Calls}, beside the same application without any of our
 * auto-configurations.
 */
class SameBytesTests {

	static final String[] PROPERTIES = { "server.compression.enabled=true", "server.compression.min-response-size=1KB",
			"server.forward-headers-strategy=framework", "spring.webflux.problemdetails.enabled=true",
			"logging.level.org.springframework.boot.webflux.autoconfigure.error=off",
			"logging.level.org.springframework.web=off", "logging.level.reactor.netty=off" };

	static final String NO_STARTER = BootServer.NO_SECURITY + Stream.of("Clock", "", "Metrics", "Endpoint", "Servlet")
		.map((which) -> ",io.github.asyncmiddleware.autoconfigure.AsyncMiddleware" + which + "AutoConfiguration")
		.reduce("", String::concat);

	private static Map<String, String> expected = Map.of();

	static Stream<Arguments> chains() {
		return Stream.concat(Stream.of(Arguments.of(Style.NATIVE, 0)), Stream.of(Style.values())
			.flatMap((style) -> Stream.of(1, 10, 100).map((count) -> Arguments.of(style, count))));
	}

	@BeforeAll
	static void askTheApplicationItself() {
		expected = ask(0, NO_STARTER);
	}

	@ParameterizedTest
	@MethodSource("chains")
	void areSent(Style style, int count) {
		Map<String, String> actual = ask(count, "wire.style=" + style, "wire.count=" + count);
		actual.forEach((call, bytes) -> assertThat(bytes).as(call).isEqualTo(expected.get(call)));
		assertThat(actual).hasSameSizeAs(expected);
	}

	@Test
	void areNoErrorsEverywhere() {
		assertThat(expected.values()).filteredOn((bytes) -> bytes.startsWith("HTTP/1.1 200 ")).hasSizeGreaterThan(50);
		assertThat(expected.values()).noneMatch(String::isEmpty);
	}

	private static Map<String, String> ask(int count, String... properties) {
		Map<String, String> bytes = new LinkedHashMap<>();
		String[] all = Stream.concat(Stream.of(PROPERTIES), Stream.of(properties)).toArray(String[]::new);
		try (BootServer server = BootServer.start(List.of(WireEndpoints.class, Chain.class), all)) {
			for (Call call : Calls.all()) {
				bytes.put("HTTP/1.1 " + call, withoutDatesAndIds(call.bytes(server.port())));
				if (call.isPlain()) {
					bytes.put("HTTP/2 " + call, withoutDatesAndIds(call.answer(server.port())));
				}
			}
			if (count > 0) {
				Patience.await().untilAsserted(() -> assertAllRan(server.records(), count));
			}
		}
		return bytes;
	}

	private static void assertAllRan(Records records, int count) {
		for (int i = 0; i < count; i++) {
			assertThat(records.sum("own passThrough" + i + " ")).isPositive().isEqualTo(records.sum("requests "));
		}
	}

	static String withoutDatesAndIds(String bytes) {
		// An error page has the id of its request, which is longer at some times
		String undated = bytes.matches("(?s)(HTTP/1.1 )?[45].*(?i:content-type: (application/json|text/html)).*")
				? bytes.replaceAll("(?i)(\ncontent-length: )\\d+", "$1?") : bytes;
		// So is the boundary of several ranges, and so are the chunks that have it
		String unbounded = undated.contains("multipart/byteranges")
				? undated.replaceAll("\r\n[0-9a-f]{2}(?=\r\n)", "\r\n?") : undated;
		return unbounded.replaceAll("(?i)(\r\ndate: )[^\r]+", "$1?")
			.replaceAll("\"(timestamp|requestId)\":\"[^\"]+\"", "\"$1\":\"?\"")
			.replaceAll("(?i)(session=)[0-9a-f-]+", "$1?")
			.replaceAll("(boundary=|\r\n--)[0-9A-Za-z_-]{10,}", "$1?")
			.replaceAll("<div id='created'>[^<]+</div>|<div>\\[[^<]+\\] ", "?");
	}

	@Configuration(proxyBeanMethods = false)
	@Import(PassThroughs.class)
	static class Chain {

	}

}
