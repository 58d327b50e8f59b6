package io.github.asyncmiddleware.actuate;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.actuate.SlowestRequests.SlowRequest;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Waterfall;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.json.JSONException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.server.WebFilter;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@code docs/endpoint.md} tells what the endpoints show: each field, and
 * examples that are what comes out.
 */
class EndpointPageTests {

	private static final Path PAGE = Path.of("..", "docs", "endpoint.md");

	private static final JsonMapper JSON = JsonMapper.builder()
		.changeDefaultPropertyInclusion((value) -> value.withValueInclusion(JsonInclude.Include.NON_NULL))
		.build();

	private final TestTicker ticker = new TestTicker();

	@ParameterizedTest
	@ValueSource(classes = { AsyncMiddlewareEndpoint.ChainDescriptor.class,
			AsyncMiddlewareEndpoint.MiddlewareDescriptor.class, AsyncMiddlewareEndpoint.ScopeDescriptor.class,
			AsyncMiddlewareEndpoint.TimingDescriptor.class,
			AsyncMiddlewareEndpointWebExtension.BadRequestDescriptor.class,
			SlowRequestsEndpoint.SlowRequestsDescriptor.class, SlowRequestsEndpoint.RequestDescriptor.class,
			SlowRequestsEndpoint.StepDescriptor.class })
	void hasEveryFieldInOrder(Class<?> type) throws IOException {
		List<String> fields = Stream.of(type.getRecordComponents()).map(RecordComponent::getName).toList();
		assertThat(tables()).contains(fields);
	}

	@Test
	void hasNoFieldThatIsNotThere() throws IOException {
		assertThat(tables()).hasSize(8);
	}

	@Test
	void showsTheChainAsItIs() throws IOException, JSONException {
		MiddlewareStatistics statistics = new MiddlewareStatistics(this.ticker);
		List<ChainEntry> chain = List.of(
				new ForeignFilter("WebFilterChainProxy", Object.class, -100, (exchange, next) -> next.filter(exchange)),
				new Middleware(0, "auth", Object.class, 10, MiddlewareScope.ALL, OnFailure.SKIP, Duration.ofMillis(200),
						MiddlewareCode.of(takes(3))),
				new Middleware(1, "flags", Object.class, 20, new MiddlewareScope(patterns("/api/**"),
						patterns("/api/health"), Set.of(HttpMethod.POST, HttpMethod.GET)), takes(5)));
		HttpHandler handler = new TestChain().entries(chain)
			.listener(statistics)
			.ticker(this.ticker)
			.handler((exchange) -> {
				this.ticker.advanceMillis(7);
				return exchange.getResponse().setComplete();
			})
			.build();
		Stream.of("/api/x", "/api/y", "/other").forEach((path) -> TestChain.get(handler, path));
		statistics.onMisuse((Middleware) chain.get(2), Misuse.LATE_NEXT);
		AsyncMiddlewareEndpoint endpoint = new AsyncMiddlewareEndpoint(() -> chain, statistics);
		assertExample("asyncmiddleware\\?method=DELETE&path=/api/x", endpoint.chain("DELETE", "/api/x"));
		assertExample("asyncmiddleware\\?method=POST",
				new AsyncMiddlewareEndpointWebExtension(endpoint).chain("POST", null).getBody());
	}

	@Test
	void showsSlowRequestsAsTheyAre() throws IOException, JSONException {
		Instant time = Instant.parse("2026-11-23T10:15:30Z");
		SlowRequest slow = new SlowRequest(time, "80f198ee56343ba864fe8b2a57d3eff7",
				new Waterfall("GET", "/orders/{id}", 200, RequestResult.OK, 17_500_001, 7_000_000, List.of(
						new Waterfall.Step("auth", 2_500_000, 5_500_000L, 3_000_000, MiddlewareResult.PASSED),
						new Waterfall.Step("flags", 5_500_000, 10_500_001L, 5_000_001, MiddlewareResult.FAILED_OPEN))));
		SlowRequest gone = new SlowRequest(time, null,
				new Waterfall("GET", "UNKNOWN", 0, RequestResult.GONE_BEFORE_HEAD, 4_000_000, 0,
						List.of(new Waterfall.Step("auth", 0, null, 4_000_000, MiddlewareResult.CANCELLED))));
		assertExample("slowrequests", SlowRequestsEndpoint.describe(List.of(slow, gone), List.of(slow)));
	}

	private static void assertExample(String name, Object shown) throws IOException, JSONException {
		Matcher example = Pattern.compile("```json " + name + "\n(.*?)```", Pattern.DOTALL)
			.matcher(Files.readString(PAGE));
		assertThat(example.find()).isTrue();
		String expected = example.group(1)
			.replaceAll("(com\\.acme|org\\.springframework\\.security\\.web\\.server)\\.\\w+", Object.class.getName());
		JSONAssert.assertEquals(expected, JSON.writeValueAsString(shown), JSONCompareMode.STRICT);
	}

	/**
	 * The fields of each table.
	 */
	private static List<List<String>> tables() throws IOException {
		List<List<String>> tables = new ArrayList<>();
		for (String paragraph : Files.readString(PAGE).split("\n\n")) {
			if (paragraph.startsWith("| field |")) {
				tables.add(paragraph.lines()
					.skip(2)
					.flatMap((row) -> Arrays.stream(row.split("\\|")[1].split(",")))
					.map((cell) -> cell.strip().replace("`", ""))
					.toList());
			}
		}
		return tables;
	}

	private WebFilter takes(long milliseconds) {
		return (exchange, chain) -> {
			this.ticker.advanceMillis(milliseconds);
			return chain.filter(exchange);
		};
	}

	private static List<PathPattern> patterns(String pattern) {
		return List.of(PathPatternParser.defaultInstance.parse(pattern));
	}

}
