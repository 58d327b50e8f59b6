package io.github.asyncmiddleware.metrics;

import java.time.Duration;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.metrics.ServerTimingPolicy.Detail;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import io.github.asyncmiddleware.testsupport.TimingHeader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerTimingPolicy} and the token.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServerTimingPolicyTests {

	private static final String TOKEN = "s3cret ünd lang";

	private final TestTicker ticker = new TestTicker();

	private final TestChain chain = new TestChain().ticker(this.ticker).middleware("a", (exchange, next) -> {
		this.ticker.advanceMillis(1);
		exchange.getAttributes().put("user", String.valueOf(exchange.getRequest().getHeaders().getFirst("X-User")));
		return next.filter(exchange);
	});

	private final WebHandler handler = (exchange) -> {
		this.ticker.advanceMillis(2);
		exchange.getResponse().getHeaders().setCacheControl("public, max-age=60");
		return exchange.getResponse().setComplete();
	};

	@Test
	void decidesByRequest() {
		ServerTimingPolicy policy = (exchange) -> switch (exchange.<String>getRequiredAttribute("user")) {
			case "ann" -> Detail.DETAILED;
			case "bob" -> Detail.TOTAL;
			default -> Detail.OFF;
		};
		assertThat(timing(policy, null, "X-User", "ann")).isEqualTo("a;dur=1.000, app;dur=2.000, total;dur=3.000");
		assertThat(timing(policy, null, "X-User", "bob")).isEqualTo("total;dur=3.000");
		assertThat(timing(policy, null, "X-User", "eve")).isNull();
	}

	@Test
	void tellsTheDetailsToRequestsWithTheToken() {
		HttpHeaders headers = headers((exchange) -> Detail.OFF, TOKEN, this.handler, "Server-Timing-Token", TOKEN);
		assertThat(headers.getFirst("Server-Timing")).isEqualTo("a;dur=1.000, app;dur=2.000, total;dur=3.000");
		assertThat(headers.get("Cache-Control")).as("caches").containsExactly("no-store");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "s3cret", "s3cret ünd lang ", "S3CRET ÜND LANG", "s3cret ?nd lang" })
	void doesWithoutAWrongToken(String token) {
		HttpHeaders headers = headers((exchange) -> Detail.TOTAL, TOKEN, this.handler, "Server-Timing-Token", token);
		assertThat(headers.getFirst("Server-Timing")).isEqualTo("total;dur=3.000");
		assertThat(headers.get("Cache-Control")).containsExactly("public, max-age=60");
	}

	@Test
	void doesWithoutAMissingTokenAndWithTwo() {
		assertThat(timing((exchange) -> Detail.OFF, TOKEN)).isNull();
		assertThat(timing((exchange) -> Detail.OFF, TOKEN, "Server-Timing-Token", TOKEN, "Server-Timing-Token", TOKEN))
			.isNull();
		assertThat(timing((exchange) -> Detail.OFF, null, "Server-Timing-Token", TOKEN)).isNull();
	}

	@Test
	void leavesNotModifiedAlone() {
		HttpHeaders headers = headers((exchange) -> Detail.DETAILED, TOKEN, (exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatus.NOT_MODIFIED);
			return this.handler.handle(exchange);
		}, "Server-Timing-Token", TOKEN);
		assertThat(headers.containsHeader("Server-Timing")).isFalse();
		assertThat(headers.get("Cache-Control")).containsExactly("public, max-age=60");
	}

	@Test
	void keepsWhatTheHandlerHasSet() {
		HttpHeaders headers = headers((exchange) -> Detail.OFF, TOKEN, (exchange) -> {
			exchange.getResponse().getHeaders().add("Server-Timing", "db;dur=3");
			return this.handler.handle(exchange);
		}, "Server-Timing-Token", TOKEN);
		assertThat(headers.get("Server-Timing")).containsExactly("db;dur=3",
				"a;dur=1.000, app;dur=2.000, total;dur=3.000");
	}

	@Test
	void survivesAPolicyThatThrows(CapturedOutput output) {
		ServerTimingPolicy policy = (exchange) -> {
			throw new IllegalStateException("no idea");
		};
		assertThat(timing(policy, null)).isNull();
		assertThat(timing(policy, TOKEN, "Server-Timing-Token", TOKEN)).isNotNull();
		assertThat(output).containsOnlyOnce("no idea");
	}

	@Test
	void survivesAPolicyThatReturnsNull() {
		assertThat(timing((exchange) -> null, null)).isNull();
	}

	@Test
	void tellsAValidHeaderWhateverTheNamesAre() {
		IntStream.range(0, 100).forEach((i) -> this.chain.middleware(switch (i % 5) {
			case 0 -> "with space, comma and \"quote\"" + i;
			case 1 -> "line\r\nSet-Cookie: a=b" + i;
			case 2 -> "prüfung\uD83D\uDE00" + i;
			case 3 -> "x".repeat(10_000) + i;
			default -> "";
		}, (exchange, next) -> next.filter(exchange)));
		String timing = timing((exchange) -> Detail.DETAILED, null);
		assertThat(timing).isNotNull().matches("[\\x21-\\x7e ]{1,1024}");
		TimingHeader header = TimingHeader.parse(timing);
		assertThat(header.names()).hasSize(16).doesNotHaveDuplicates().contains("a", "other", "app", "total");
		assertThat(header.sum()).isEqualTo(header.get("total"));
	}

	private @Nullable String timing(ServerTimingPolicy policy, @Nullable String token, String... headers) {
		return headers(policy, token, this.handler, headers).getFirst("Server-Timing");
	}

	private HttpHeaders headers(ServerTimingPolicy policy, @Nullable String token, WebHandler handler,
			String... headers) {
		this.chain.headDecorator(ServerTiming.decided(policy, token, this.chain.middlewares()));
		MockServerHttpRequest.BaseBuilder<?> request = MockServerHttpRequest.get("/");
		for (int i = 0; i < headers.length; i += 2) {
			request.header(headers[i], headers[i + 1]);
		}
		MockServerHttpResponse response = new MockServerHttpResponse();
		this.chain.build(handler).handle(request.build(), response).block(Duration.ofSeconds(10));
		return response.getHeaders();
	}

}
