package io.github.asyncmiddleware.sample.browser;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * A Chromium without a window. Where there is none, tests that need it are skipped, but
 * not on a build server.
 */
public final class Chromium implements AutoCloseable {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private final Process process;

	private final DevTools tools;

	private Chromium(Process process, DevTools tools) {
		this.process = process;
		this.tools = tools;
	}

	/**
	 * Start a browser.
	 * @return the browser, ready for {@linkplain #open tabs}
	 * @throws IOException if it does not start
	 */
	public static Chromium start() throws IOException {
		String executable = find();
		// Emptied before and not after: a browser writes to it a little longer than it
		// lives. One for each process that runs tests
		Path profile = Path.of("target", "chromium-" + System.getProperty("test.process", "alone")).toAbsolutePath();
		FileSystemUtils.deleteRecursively(profile);
		Files.createDirectories(profile);
		Process process = new ProcessBuilder(executable, "--headless", "--no-sandbox", "--disable-gpu",
				"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
				"--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0", "--user-data-dir=" + profile,
				"about:blank")
			.redirectError(profile.resolve("log.txt").toFile())
			.redirectOutput(ProcessBuilder.Redirect.DISCARD)
			.start();
		try {
			return new Chromium(process, new DevTools(address(profile.resolve("DevToolsActivePort"))));
		}
		catch (RuntimeException ex) {
			stop(process);
			throw ex;
		}
	}

	private static URI address(Path file) {
		List<String> lines = Awaitility.await()
			.atMost(TIMEOUT)
			.ignoreExceptions()
			.until(() -> Files.readAllLines(file), (read) -> read.size() == 2);
		return URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1));
	}

	private static String find() {
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

	/**
	 * Open an empty tab.
	 * @param screen what it is shown on
	 * @return the tab
	 */
	public Tab open(Screen screen) {
		String target = this.tools.send(null, "Target.createTarget", Map.of("url", "about:blank"))
			.get("targetId")
			.asString();
		String session = this.tools.send(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
			.get("sessionId")
			.asString();
		return new Tab(this.tools, target, session, screen);
	}

	@Override
	public void close() {
		this.tools.close();
		stop(this.process);
	}

	private static void stop(Process process) {
		process.descendants().forEach(ProcessHandle::destroyForcibly);
		process.destroyForcibly();
		try {
			process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
