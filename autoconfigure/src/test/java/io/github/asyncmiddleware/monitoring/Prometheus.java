package io.github.asyncmiddleware.monitoring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import com.jayway.jsonpath.JsonPath;
import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A Prometheus of its own that scrapes some applications.
 */
final class Prometheus implements AutoCloseable {

	private final HttpClient client = HttpClient.newHttpClient();

	private final Process process;

	private final int port;

	private Prometheus(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	/**
	 * Start a Prometheus that looks several times a second.
	 * @param directory where it may write
	 * @param rules the alert rules
	 * @param targets the ports of the applications
	 * @return the running Prometheus
	 */
	static Prometheus start(Path directory, String rules, List<Integer> targets) throws IOException {
		Files.writeString(directory.resolve("alerts.yml"), rules);
		Path config = directory.resolve("prometheus.yml");
		Files.writeString(config, """
				global: {scrape_interval: 500ms, evaluation_interval: 500ms}
				rule_files: [alerts.yml]
				scrape_configs:
				  - job_name: shop
				    metrics_path: /actuator/prometheus
				    static_configs: [{targets: [%s]}]
				"""
			.formatted(targets.stream().map((port) -> "'127.0.0.1:" + port + "'").collect(Collectors.joining(", "))));
		int port = freePort();
		Process process = new ProcessBuilder(Programs.find("prometheus"), "--config.file=" + config,
				"--storage.tsdb.path=" + directory.resolve("data"), "--web.listen-address=127.0.0.1:" + port,
				"--query.lookback-delta=5s", "--log.level=error")
			.redirectErrorStream(true)
			.redirectOutput(directory.resolve("log").toFile())
			.start();
		Prometheus prometheus = new Prometheus(process, port);
		try {
			prometheus.awaitReady();
		}
		catch (RuntimeException ex) {
			prometheus.close();
			throw ex;
		}
		return prometheus;
	}

	private void awaitReady() {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.port + "/-/ready")).build();
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.failFast("Prometheus has ended, see its log", () -> !this.process.isAlive())
			.ignoreExceptionsInstanceOf(IOException.class)
			.until(() -> this.client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200);
	}

	/**
	 * Fill in the variables of a dashboard.
	 * @param query a query of a panel
	 * @param interval what rates look at
	 * @return the query for all jobs and instances
	 */
	static String expand(String query, String interval) {
		return query.replace("$__rate_interval", interval).replace("$job", ".*").replace("$instance", ".*");
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	/**
	 * Ask for numbers.
	 * @param query the query
	 * @return the numbers by their labels; those that are no number are left out
	 */
	Map<String, Double> query(String query) {
		List<Map<String, Object>> results = read("/api/v1/query?query=" + encode(query), "$.data.result");
		return results.stream()
			.filter((result) -> Double.isFinite(value(result)))
			.collect(Collectors.toMap((result) -> String.valueOf(result.get("metric")), Prometheus::value));
	}

	private static double value(Map<String, Object> result) {
		String value = String.valueOf(((List<?>) result.get("value")).get(1));
		return value.endsWith("Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(value);
	}

	/**
	 * Ask for the numbers of a while.
	 * @param query the query
	 * @param start the first moment
	 * @param end the last moment
	 * @param step the time between two moments
	 * @return the result as JSON
	 */
	String range(String query, Instant start, Instant end, Duration step) {
		return read("/api/v1/query_range?query=" + encode(query) + "&start=" + start + "&end=" + end + "&step="
				+ step.toMillis() / 1e3, "$.data.result")
			.toString();
	}

	private static String encode(String query) {
		return URLEncoder.encode(query, StandardCharsets.UTF_8);
	}

	/**
	 * The alerts that fire.
	 * @return the name of each and its middleware
	 */
	List<String> alerts() {
		List<Map<String, Object>> alerts = read("/api/v1/alerts", "$.data.alerts[?(@.state == 'firing')].labels");
		return alerts.stream()
			.map((labels) -> labels.get("alertname") + " " + labels.get("middleware"))
			.distinct()
			.sorted()
			.toList();
	}

	private <T> T read(String path, String jsonPath) {
		try {
			HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.port + path)).build();
			String body = this.client.send(request, HttpResponse.BodyHandlers.ofString()).body();
			assertThat(JsonPath.<String>read(body, "$.status")).as(body).isEqualTo("success");
			return JsonPath.read(body, jsonPath);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
