package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import io.github.asyncmiddleware.sample.browser.Chromium;
import io.github.asyncmiddleware.sample.browser.Screen;
import io.github.asyncmiddleware.sample.browser.Tab;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.annotation.DirtiesContext.ClassMode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests that a real browser sees the times that the endpoint reports.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@DirtiesContext(classMode = ClassMode.BEFORE_EACH_TEST_METHOD)
class SampleServerTimingIntegrationTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final int REQUESTS = 20;

	/** In milliseconds: all of these numbers are rounded to a microsecond. */
	private static final double PRECISION = 0.003;

	private static final Pattern TOTAL = Pattern.compile("total;dur=([\\d.]+)");

	/**
	 * A request, and then what the page is told about it, which may be a little later.
	 */
	private static final String MEASURE = """
			(async () => {
				const entries = () => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/products/1"));
				const before = entries().length;
				await (await fetch("/products/1")).text();
				while (entries().length === before) await new Promise((resolve) => setTimeout(resolve, 10));
				return entries().at(-1).serverTiming.map(({ name, duration }) => ({ name, duration }));
			})()
			""";

	@LocalServerPort
	private int port;

	@Test
	void browsersSeeTheTimesOfTheEndpoint() throws IOException {
		try (Chromium browser = Chromium.start(); Tab tab = browser.open(Screen.desktop("light"))) {
			openBlankPage(tab);
			JsonNode before = chainAfter(tab, 1);
			Map<String, Double> seen = new LinkedHashMap<>();
			tab.evaluate(MEASURE)
				.valueStream()
				.forEach((entry) -> seen.put(entry.get("name").asString(), entry.get("duration").asDouble()));
			JsonNode after = chainAfter(tab, 2);
			Map<String, Double> reported = new LinkedHashMap<>();
			for (int i = 0; i < after.get("middlewares").size(); i++) {
				JsonNode past = before.get("middlewares").get(i).path("own");
				JsonNode now = after.get("middlewares").get(i).path("own");
				if (now.path("count").asInt() > past.path("count").asInt()) {
					reported.put(after.get("middlewares").get(i).get("name").asString(), sum(now) - sum(past));
				}
			}
			double app = sum(after.get("app")) - sum(before.get("app"));
			reported.put("app", app);
			reported.put("total", reported.values().stream().mapToDouble(Double::doubleValue).sum());
			assertThat(seen.keySet()).containsExactlyElementsOf(reported.keySet());
			assertThat(seen.keySet()).startsWith("requestId", "finalStatus", "statusHeader", "rateLimit",
					"authentication", "tenant", "audit", "experiments", "featureFlags", "legacyLicence", "servedBy");
			// What passes between the header and the head is only in the meters, as time
			// of
			// the application
			assertThat(seen.get("app")).isLessThanOrEqualTo(app + PRECISION);
			assertThat(seen.get("total")).isLessThanOrEqualTo(reported.get("total") + reported.size() * PRECISION);
			seen.keySet().removeAll(List.of("app", "total"));
			assertThat(seen).allSatisfy(
					(name, duration) -> assertThat(duration).as(name).isCloseTo(reported.get(name), within(PRECISION)));
		}
	}

	@Test
	void browsersWaitNoShorterThanTheTotal() throws IOException {
		try (Chromium browser = Chromium.start(); Tab tab = browser.open(Screen.desktop("light"))) {
			openBlankPage(tab);
			for (int i = 0; i < REQUESTS; i++) {
				tab.evaluate(MEASURE);
			}
			List<JsonNode> responses = Awaitility.await()
				.atMost(TIMEOUT)
				.until(() -> tab.responses("/products/1"), (some) -> some.size() == REQUESTS);
			assertThat(responses).allSatisfy((response) -> {
				// Not from the clock of the page, which browsers make coarse
				JsonNode timing = response.get("timing");
				double waited = timing.get("receiveHeadersStart").asDouble() - timing.get("sendStart").asDouble();
				assertThat(waited).isGreaterThanOrEqualTo(total(response));
			});
		}
	}

	private void openBlankPage(Tab tab) {
		tab.go("http://localhost:" + this.port + "/blank.html");
		tab.await("location.pathname === '/blank.html' && document.readyState === 'complete'");
	}

	private static double sum(JsonNode times) {
		return times.path("count").asInt() * times.path("mean").asDouble();
	}

	private static double total(JsonNode response) {
		MatchResult total = TOTAL.matcher(response.at("/headers/Server-Timing").asString())
			.results()
			.findFirst()
			.orElseThrow();
		return Double.parseDouble(total.group(1));
	}

	/**
	 * A request is over a little later for the server than for its client.
	 */
	private static JsonNode chainAfter(Tab tab, int requests) {
		return Awaitility.await()
			.atMost(TIMEOUT)
			.until(() -> tab.evaluate("fetch('/actuator/asyncmiddleware').then((response) => response.json())"),
					(chain) -> chain.at("/middlewares/0/own/count").asInt() == requests);
	}

}
