package io.github.asyncmiddleware.sample;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.jayway.jsonpath.JsonPath;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for what the actuator says about requests to the {@link SampleApplication}.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "sample.upstream.delay.audit=50ms", "sample.upstream.delay.licences=30ms",
				"sample.upstream.delay.flags=60ms" })
@TestInstance(Lifecycle.PER_CLASS)
class SampleMetricsIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	@LocalServerPort
	private int port;

	@Autowired
	private MeterRegistry registry;

	private WebTestClient client;

	@BeforeAll
	void sendRequests() {
		this.client = WebTestClient.bindToServer()
			.baseUrl("http://localhost:" + this.port)
			.responseTimeout(PATIENCE)
			.build();
		request("/products/1", "X-Api-Key", "demo");
		request("/products/1", "X-Api-Key", "wrong");
		request("/products/1", "X-Demo-Limit", "0");
		request("/products/1/events", "X-Api-Key", "guest");
		request("/products/100", "X-Api-Key", "guest");
		request("/fail", "X-Api-Key", "guest");
		Awaitility.await()
			.atMost(PATIENCE)
			.until(() -> this.registry.find("async.middleware.own").tag("middleware", "requestId").timers(),
					(timers) -> count(timers) == 6);
	}

	private void request(String path, String header, String value) {
		this.client.get().uri(path).header(header, value).exchange().expectBody().returnResult();
	}

	@Test
	void ownTimesAndApplicationAddUpToTheTimeToFirstByteOfTheFirst() {
		double own = totalTime(this.registry.get("async.middleware.own").timers());
		double app = totalTime(this.registry.get("async.middleware.app").timers());
		double ttfb = totalTime(this.registry.get("async.middleware.ttfb").tag("middleware", "requestId").timers());
		assertThat(own + app).isCloseTo(ttfb, within(1.0));
		assertThat(app).isPositive();
	}

	@Test
	void countsWhatBecameOfTheRequests() {
		assertThat(this.registry.get("async.middleware.requests").tag("result", "error_page").counter().count())
			.isEqualTo(2);
		assertThat(count(this.registry.get("async.middleware.app").timers())).isEqualTo(6);
		assertThat(this.registry.get("async.middleware.request.ttfb").timers()).filteredOn(this::isNotForManagement)
			.extracting((timer) -> timer.getId().getTag("status") + " " + timer.count())
			.containsExactlyInAnyOrder("200 1", "200 1", "401 1", "404 1", "429 1", "500 1");
	}

	private boolean isNotForManagement(Timer timer) {
		String uri = timer.getId().getTag("uri");
		return uri != null && !uri.startsWith("/actuator");
	}

	@Test
	void endpointShowsTheChainInItsOrder() {
		String json = endpoint();
		assertThat(JsonPath.<List<String>>read(json, "$.middlewares[*].name")).containsExactly("requestId",
				"finalStatus", "statusHeader", "rateLimit", "authentication", "tenant", "legacyFilter", "audit",
				"experiments", "featureFlags", "legacyLicence", "missingAwait", "awaitOuter", "awaitInner",
				"hooksOuter", "hooksInner", "servedBy");
		assertThat(JsonPath.<List<String>>read(json, "$.middlewares[?(@.foreign == true)].name"))
			.containsExactly("legacyFilter");
		assertThat(JsonPath.<List<List<String>>>read(json, "$.middlewares[?(@.name == 'audit')].scope.path"))
			.containsExactly(List.of("/products/**"));
	}

	@Test
	void endpointShowsStyleAndThreadOfEachMiddleware() {
		String json = endpoint();
		assertThat(names(json, "@.style == 'native'")).containsExactly("requestId", "missingAwait", "servedBy");
		assertThat(names(json, "@.style == 'await'")).containsExactly("statusHeader", "rateLimit", "awaitOuter",
				"awaitInner");
		assertThat(names(json, "@.style == 'hooks'")).containsExactly("finalStatus", "authentication", "tenant",
				"audit", "experiments", "featureFlags", "legacyLicence", "hooksOuter", "hooksInner");
		assertThat(names(json, "@.concurrent == true")).containsExactly("experiments", "featureFlags");
		assertThat(names(json, "@.onFailure == 'skip'")).containsExactly("featureFlags");
		assertThat(names(json, "@.runsOn == 'pool'")).containsExactly("legacyLicence", "hooksOuter", "hooksInner");
	}

	private static List<String> names(String json, String filter) {
		return JsonPath.read(json, "$.middlewares[?(" + filter + ")].name");
	}

	@Test
	void metersShowTheBoundsOfBlockingWork() {
		// The client has its response before the thread is free again
		Awaitility.await().atMost(PATIENCE).until(() -> gauge("executor.active") == 0);
		assertThat(gauge("executor.pool.max")).isEqualTo(256);
		assertThat(gauge("executor.queued")).isZero();
		assertThat(gauge("executor.queue.remaining")).isEqualTo(1024);
		assertThat(gauge("executor.abandoned")).isZero();
	}

	private double gauge(String name) {
		return this.registry.get(name).tag("name", "asyncMiddlewareBlocking").gauge().value();
	}

	@Test
	void endpointCountsEachMiddlewareAsOftenAsItWasEntered() {
		String json = endpoint();
		Map<String, Integer> entered = Map.ofEntries(entry("requestId", 6), entry("finalStatus", 6),
				entry("statusHeader", 6), entry("rateLimit", 6), entry("authentication", 4), entry("tenant", 3),
				entry("audit", 3), entry("experiments", 3), entry("featureFlags", 3), entry("legacyLicence", 3),
				entry("missingAwait", 0), entry("servedBy", 4));
		entered.forEach((name, count) -> {
			assertThat(JsonPath.<List<Integer>>read(json, path(name, "ttfb.count"))).containsExactly(count);
			assertThat(JsonPath.<List<Integer>>read(json, path(name, "own.count"))).containsExactly(count);
		});
		assertThat(JsonPath.<List<Map<String, Integer>>>read(json, path("rateLimit", "results")))
			.containsExactly(Map.of("passed", 5, "answered", 1));
		assertThat(JsonPath.<List<Map<String, Integer>>>read(json, path("authentication", "results")))
			.containsExactly(Map.of("passed", 3, "answered", 1));
	}

	@Test
	void endpointTellsWhichMiddlewareIsSlow() {
		String json = endpoint();
		// No less than they wait for, be the machine as slow as it may. No other
		// middleware has
		// that time as well, or the times of all would not add up
		assertThat(own(json, "authentication", "p50")).isGreaterThanOrEqualTo(14);
		assertThat(own(json, "audit", "p50")).isGreaterThanOrEqualTo(49);
		assertThat(own(json, "legacyLicence", "p50")).isGreaterThanOrEqualTo(29);
		// At the same time, so the later answer is only waited for from the first one on
		assertThat(own(json, "experiments", "mean") + own(json, "featureFlags", "mean")).isGreaterThanOrEqualTo(59);
	}

	private static double own(String json, String middleware, String value) {
		return JsonPath.<List<Double>>read(json, path(middleware, "own." + value)).get(0);
	}

	@Test
	void prometheusScrapesTheTimers() {
		this.client.get()
			.uri("/actuator/prometheus")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(String.class)
			.value((scrape) -> assertThat(scrape).contains(
					"async_middleware_ttfb_seconds_count{middleware=\"audit\",outcome=\"SUCCESS\"} 2",
					"async_middleware_own_seconds_count{middleware=\"audit\",result=\"passed\"} 3",
					"async_middleware_app_seconds_count{outcome=\"SUCCESS\"} 2",
					"async_middleware_requests_total{result=\"error_page\"} 2"));
	}

	private String endpoint() {
		String json = this.client.get()
			.uri("/actuator/asyncmiddleware")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
		assertThat(json).isNotNull();
		return json;
	}

	private static String path(String middleware, String property) {
		return "$.middlewares[?(@.name == '" + middleware + "')]." + property;
	}

	private static long count(Collection<Timer> timers) {
		return timers.stream().mapToLong(Timer::count).sum();
	}

	private static double totalTime(Collection<Timer> timers) {
		return timers.stream().mapToDouble((timer) -> timer.totalTime(TimeUnit.NANOSECONDS)).sum();
	}

}
