package io.github.asyncmiddleware.monitoring;

import java.io.File;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

import com.jayway.jsonpath.JsonPath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * A Prometheus of its own that scrapes some applications. Without one on the path, tests
 * are skipped, or fail with {@code CI=true}.
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
		Process process = new ProcessBuilder(find("prometheus"), "--config.file=" + config,
				"--storage.tsdb.path=" + directory.resolve("data"), "--web.listen-address=127.0.0.1:" + port,
				"--query.lookback-delta=5s", "--log.level=error")
			.redirectErrorStream(true)
			.redirectOutput(directory.resolve("log").toFile())
			.start();
		return new Prometheus(process, port);
	}

	/**
	 * Run {@code promtool}.
	 * @param directory where
	 * @param arguments its arguments
	 * @return what it printed, if it succeeded
	 */
	static String promtool(Path directory, String... arguments) throws Exception {
		String[] command = new String[arguments.length + 1];
		command[0] = find("promtool");
		System.arraycopy(arguments, 0, command, 1, arguments.length);
		Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
		return output;
	}

	private static String find(String name) {
		Optional<String> found = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
			.map((directory) -> new File(directory, name))
			.filter(File::canExecute)
			.map(File::getPath)
			.findFirst();
		if (!"true".equals(System.getenv("CI"))) {
			assumeThat(found).as(name + " on the PATH").isPresent();
		}
		assertThat(found).as(name + " on the PATH").isPresent();
		return found.orElseThrow();
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
		List<Map<String, Object>> results = read(
				"/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8), "$.data.result");
		return results.stream()
			.filter((result) -> Double.isFinite(value(result)))
			.collect(Collectors.toMap((result) -> String.valueOf(result.get("metric")), Prometheus::value));
	}

	private static double value(Map<String, Object> result) {
		String value = String.valueOf(((List<?>) result.get("value")).get(1));
		return value.endsWith("Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(value);
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
