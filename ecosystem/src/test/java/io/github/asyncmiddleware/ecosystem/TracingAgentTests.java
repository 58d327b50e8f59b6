package io.github.asyncmiddleware.ecosystem;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that under the agent of OpenTelemetry hooks see the trace of their request, on
 * whatever thread they run, and that each request is one span of the server.
 */
class TracingAgentTests {

	private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

	private static final String PARENT = "traceparent: 00-" + TRACE + "-00f067aa0ba902b7-01";

	@TempDir
	private Path folder;

	@Test
	void seesOneTraceInEveryHook() throws IOException {
		String classPath = System.getProperty("java.class.path");
		String agent = Arrays.stream(classPath.split(File.pathSeparator))
			.filter((entry) -> entry.contains("opentelemetry-javaagent"))
			.findFirst()
			.orElseThrow();
		try (OtherProcess process = new OtherProcess(this.folder, classPath, TracedApplication.class,
				List.of("-javaagent:" + agent, "-Dotel.traces.exporter=logging", "-Dotel.metrics.exporter=none",
						"-Dotel.logs.exporter=none", "-Dotel.bsp.schedule.delay=50"),
				List.of("--management.endpoints.web.exposure.include=metrics"))) {
			Browser browser = new Browser(process.port());
			seesTheTrace(browser.get("/hello", PARENT), 200);
			seesTheTrace(browser.get("/hello", PARENT), 200);
			Browser.Answer page = browser.get("/fails", PARENT);
			assertThat(page.status()).isEqualTo(500);
			assertThat(page.header("X-After")).isEqualTo(TRACE);
			assertThat(page.header("X-After-Blocking")).isEqualTo(TRACE);
			Awaitility.await().atMost(OtherProcess.PATIENCE).untilAsserted(() -> {
				assertThat(spans(process, "GET /hello")).isEqualTo(2);
				assertThat(spans(process, "GET /fails")).isEqualTo(1);
				assertThat(browser.get("/actuator/metrics/async.middleware.request.ttfb?tag=uri:/hello").body())
					.contains("{\"statistic\":\"COUNT\",\"value\":2.0}");
			});
		}
	}

	private static void seesTheTrace(Browser.Answer answer, int status) {
		assertThat(answer.status()).isEqualTo(status);
		assertThat(List.of("X-Native", "X-Before", "X-After", "X-Before-Blocking", "X-After-Blocking"))
			.allSatisfy((name) -> assertThat(answer.header(name)).as(name).isEqualTo(TRACE));
	}

	private static long spans(OtherProcess process, String name) {
		return process.said()
			.lines()
			.filter((line) -> line.contains("'" + name + "' : " + TRACE) && line.contains(" SERVER "))
			.count();
	}

}
