package io.github.asyncmiddleware.sample;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for the page of the {@link SampleApplication} in a real browser. Where there is
 * no Chromium they are skipped, but not on a build server.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class SamplePageIntegrationTests {

	@LocalServerPort
	private int port;

	@Test
	void fillsTheTableAndTheBar() throws Exception {
		String page = load("http://localhost:" + this.port + "/");
		assertThat(page).containsSubsequence("</i>requestId</td>", "</i>finalStatus</td>", "</i>statusHeader</td>",
				"</i>rateLimit</td>", "</i>authentication</td>", "</i>tenant</td>", "</i>legacyFilter</td>",
				"</i>audit</td>", "</i>experiments</td>", "</i>featureFlags</td>", "</i>legacyLicence</td>",
				"</i>missingAwait</td>", "</i>servedBy</td>");
		assertThat(page).containsPattern("</i>experiments</td><td>hooks, concurrent</td><td>event-loop</td>");
		assertThat(page).containsPattern("</i>legacyLicence</td><td>hooks</td><td>pool</td>");
		assertThat(page).containsPattern("</i>audit</td>.*?/products/\\*\\*.*?\\d+ passed</td>");
		assertThat(page)
			.contains("200 for /products/1, X-Status: OK, X-Final-Status: 200, X-Licence-Thread: async-middleware-");
		assertThat(page).containsPattern("</i>audit \\d+\\.\\d\\d</li>")
			.containsPattern("</i>experiments \\d+\\.\\d\\d</li>")
			.containsPattern("</i>app \\d+\\.\\d\\d</li>");
		assertThat(page).doesNotContainPattern("</i>missingAwait \\d+\\.\\d\\d</li>");
		assertThat(page).containsPattern(
				"All parts: (\\d+\\.\\d)\\d ms\\. TTFB of requestId: \\1\\d ms\\. " + "Mean of 20 requests\\.");
	}

	private String load(String url) throws IOException, InterruptedException {
		// Emptied before and not after: a browser writes to it a little longer than it
		// lives
		Path profile = Path.of("target", "chromium");
		FileSystemUtils.deleteRecursively(profile);
		Path dom = Files.createDirectories(profile).resolve("dom.html");
		Process browser = new ProcessBuilder(browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
				"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--user-data-dir=" + profile.toAbsolutePath(), "--virtual-time-budget=15000", "--dump-dom", url)
			.redirectError(ProcessBuilder.Redirect.DISCARD)
			.redirectOutput(dom.toFile())
			.start();
		try {
			assertThat(browser.waitFor(60, TimeUnit.SECONDS)).as("browser has ended").isTrue();
		}
		finally {
			browser.descendants().forEach(ProcessHandle::destroyForcibly);
			browser.destroyForcibly();
		}
		return Files.readString(dom, StandardCharsets.UTF_8);
	}

	private static String browser() {
		Optional<File> browser = Stream.of(System.getenv("PATH").split(File.pathSeparator))
			.map((directory) -> new File(directory, "chromium"))
			.filter(File::canExecute)
			.findFirst();
		if (!"true".equals(System.getenv("CI"))) {
			assumeThat(browser).as("chromium on the PATH").isPresent();
		}
		assertThat(browser).as("chromium on the PATH").isPresent();
		return browser.get().getPath();
	}

}
