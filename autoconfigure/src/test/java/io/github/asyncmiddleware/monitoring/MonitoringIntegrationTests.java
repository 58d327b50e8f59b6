package io.github.asyncmiddleware.monitoring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import com.jayway.jsonpath.JsonPath;
import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@code docs/monitoring}: two instances under load, scraped by a Prometheus.
 * Its rules are those of the file, with seconds in place of minutes; what minutes do is
 * tested by {@code promtool}.
 */
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MonitoringIntegrationTests {

	private static final Path FILES = Path.of("..", "docs", "monitoring");

	/** Of what was seen here, with the page that draws it. */
	private static final Path PICTURE = Path.of("target", "dashboard");

	private static final String[] PROPERTIES = { "management.endpoints.web.exposure.include=prometheus",
			"async-middleware.skip-management=true", "async-middleware.stuck-after=1s",
			"management.metrics.distribution.percentiles-histogram.async.middleware=true" };

	/** What the middleware {@code varies} took, in seconds, as the engine measured it. */
	private static final ConcurrentLinkedQueue<Double> VARIES = new ConcurrentLinkedQueue<>();

	private final ExecutorService load = Executors.newCachedThreadPool();

	private final List<Client> stuck = new ArrayList<>();

	private BootServer first;

	private BootServer second;

	private Prometheus prometheus;

	private Instant started;

	private volatile boolean closed;

	@BeforeAll
	void start(@TempDir Path directory) throws IOException {
		String rules = Files.readString(FILES.resolve("alerts.yml"))
			.replace("[5m]", "[5s]")
			.replace("for: 5m", "for: 1s")
			.replace("> 60", "> 2");
		this.first = BootServer.start(Application.class, PROPERTIES);
		this.second = BootServer.start(Application.class, PROPERTIES);
		this.prometheus = Prometheus.start(directory, rules, List.of(this.first.port(), this.second.port()));
		for (BootServer server : List.of(this.first, this.second)) {
			this.load.execute(() -> {
				while (!this.closed) {
					get(server, "/products/1");
				}
			});
		}
		soon().untilAsserted(
				() -> assertThat(this.prometheus.query("sum by (instance) (async_middleware_requests_total) > 20"))
					.hasSize(2));
		this.started = Instant.now().truncatedTo(ChronoUnit.MILLIS);
	}

	@AfterAll
	void stop() throws InterruptedException {
		this.closed = true;
		this.stuck.forEach(Client::close);
		this.load.shutdown();
		this.load.awaitTermination(30, TimeUnit.SECONDS);
		for (AutoCloseable closeable : new AutoCloseable[] { this.prometheus, this.first, this.second }) {
			if (closeable != null) {
				close(closeable);
			}
		}
	}

	private static void close(AutoCloseable closeable) {
		try {
			closeable.close();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	@Order(1)
	void rulesPassTheirOwnTests() throws Exception {
		assertThat(Programs.run(FILES, "promtool", "check", "rules", "alerts.yml")).contains("SUCCESS");
		assertThat(Programs.run(FILES, "promtool", "test", "rules", "alerts-test.yml")).contains("SUCCESS");
	}

	@Test
	@Order(2)
	void firesNothingWhereNothingIsWrong() {
		Awaitility.await()
			.during(Duration.ofSeconds(6))
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(this.prometheus.alerts()).isEmpty());
	}

	@Test
	@Order(3)
	void addsUpHistogramsOverInstances() {
		List<Double> truth = new ArrayList<>();
		soon().untilAsserted(() -> {
			truth.clear();
			truth.addAll(VARIES);
			assertThat(truth).hasSizeGreaterThan(200);
		});
		String series = "async_middleware_own_seconds_bucket{middleware=\"varies\",result=\"passed\"}";
		List<Double> bounds = this.prometheus.query("sum by (le) (" + series + ")")
			.keySet()
			.stream()
			.map((labels) -> labels.replaceAll("\\{le=(.*)}", "$1"))
			.filter((bound) -> !bound.equals("+Inf"))
			.map(Double::valueOf)
			.sorted()
			.toList();
		assertThat(bounds).hasSizeGreaterThan(20);
		truth.sort(null);
		for (double quantile : new double[] { 0.5, 0.9, 0.95 }) {
			double estimate = this.prometheus
				.query("histogram_quantile(" + quantile + ", sum by (le) (" + series + "))")
				.values()
				.iterator()
				.next();
			double exact = truth.get((int) Math.ceil(quantile * truth.size()) - 1);
			assertThat(Math.abs(bucket(bounds, estimate) - bucket(bounds, exact)))
				.as(quantile + ": " + estimate + " and in truth " + exact)
				.isLessThanOrEqualTo(1);
		}
	}

	private static int bucket(List<Double> bounds, double value) {
		int bucket = 0;
		while (bucket < bounds.size() && bounds.get(bucket) < value) {
			bucket++;
		}
		return bucket;
	}

	@Test
	@Order(4)
	void firesForEachFault() {
		fires("AsyncMiddlewareSlow slow", () -> get(this.first, "/slow"));
		fires("AsyncMiddlewareMisuse drops", () -> get(this.second, "/drops"));
		fires("AsyncMiddlewareFailOpen optional", () -> get(this.first, "/optional"));
		fires("AsyncMiddlewareBlocked blocks", () -> get(this.second, "/blocks"));
		fires("AsyncMiddlewareStuck stuck", () -> {
			Client client = Protocol.HTTP_1_1.connect(this.first.port());
			this.stuck.add(client);
			client.head("GET", "/stuck", true);
		});
	}

	private void fires(String alert, Runnable fault) {
		assertThat(this.prometheus.alerts()).doesNotContain(alert);
		fault.run();
		soon().untilAsserted(() -> assertThat(this.prometheus.alerts()).contains(alert));
	}

	@Test
	@Order(5)
	void hasDataForEachQueryOfTheDashboard() throws IOException {
		String dashboard = Files.readString(FILES.resolve("dashboard.json"));
		List<Map<String, Object>> panels = JsonPath.read(dashboard, "$.panels[*]");
		List<String> titles = new ArrayList<>();
		for (Map<String, Object> panel : panels) {
			titles.add(String.valueOf(panel.get("title")));
			List<String> queries = JsonPath.read(panel, "$.targets[*].expr");
			assertThat(queries).isNotEmpty();
			for (String query : queries) {
				String expanded = Prometheus.expand(query, "1h");
				soon().untilAsserted(() -> assertThat(this.prometheus.query(expanded)).as(query).isNotEmpty());
			}
		}
		assertThat(titles).doesNotHaveDuplicates().hasSizeGreaterThan(10);
	}

	@Test
	@Order(6)
	void drawsEachPanelOfTheDashboard() throws Exception {
		String dashboard = Files.readString(FILES.resolve("dashboard.json"));
		List<String> titles = JsonPath.read(dashboard, "$.panels[*].title");
		Map<String, Integer> lines = new DashboardPicture(dashboard, PICTURE).draw(this.prometheus, this.started,
				Instant.now());
		assertThat(lines.keySet()).containsExactlyElementsOf(titles);
		assertThat(lines).allSatisfy((title, drawn) -> assertThat(drawn).isPositive());
		assertThat(PICTURE.resolve("dashboard.png")).isNotEmptyFile();
	}

	private static ConditionFactory soon() {
		return Awaitility.await().pollInterval(Duration.ofMillis(200)).atMost(Duration.ofSeconds(60));
	}

	private static void get(BootServer server, String path) {
		Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", path);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@AsyncMiddleware
		WebFilter varies() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1 + System.nanoTime() % 20))
				.then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/slow")
		WebFilter slow() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(500)).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/drops")
		WebFilter drops() {
			return (exchange, chain) -> Mono.empty();
		}

		@Bean
		@AsyncMiddleware(path = "/optional", onFailure = OnFailure.SKIP)
		WebFilter optional() {
			return (exchange, chain) -> Mono.error(new IllegalStateException("not there"));
		}

		// In front of the hook, after which requests are on a thread that may block
		@Bean
		@AsyncMiddleware(order = -1, path = "/blocks")
		WebFilter blocks() {
			return (exchange, chain) -> {
				try {
					Thread.sleep(500);
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(path = "/stuck")
		WebFilter stuck() {
			return (exchange, chain) -> Mono.never();
		}

		@Bean
		BlockingHook blockingHook() {
			return new BlockingHook();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		RequestListener truth() {
			return new Truth();
		}

	}

	@AsyncMiddleware
	static class BlockingHook {

		@OnRequest
		void load() {
		}

	}

	@RestController
	static class Handlers {

		@GetMapping({ "/products/{id}", "/*" })
		String product() {
			return "product";
		}

	}

	/**
	 * Remembers own times as they were.
	 */
	static class Truth implements RequestListener {

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
			for (StepRecord step = request.last(); step != null; step = step.previous()) {
				if (step.middleware().name().equals("varies")) {
					VARIES.add(step.own() / 1e9);
				}
			}
		}

	}

}
