package io.github.asyncmiddleware.ecosystem;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.ecosystem.devtools.DevToolsApplication;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a middleware which is added while the application runs is there when
 * DevTools has restarted it, and that nothing of the application before stays.
 */
class DevToolsTests {

	private static final String APPLICATION = DevToolsApplication.class.getPackageName().replace('.', '/');

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@TempDir
	private Path folder;

	@Test
	void findsWhatWasAddedAfterARestart() throws Exception {
		add("META-INF/spring.factories");
		add("io/github/asyncmiddleware/ecosystem/Library.class");
		add("io/github/asyncmiddleware/ecosystem/OtherLibraries.class");
		add(APPLICATION + "/DevToolsApplication.class");
		add(APPLICATION + "/First.class");
		Process process = start();
		try {
			Browser before = new Browser(portOf(process));
			Browser.Answer answer = before.get("/");
			assertThat(answer.body()).isEqualTo("hello");
			assertThat(answer.header("X-First")).isEqualTo("here");
			assertThat(answer.header("X-Second")).isEmpty();
			assertThat(before.get("/threads").body()).matches("[1-9]\\d* own, 0 others");
			add(APPLICATION + "/Second.class");
			Browser after = new Browser(portOf(process));
			answer = after.get("/");
			assertThat(answer.body()).isEqualTo("hello");
			assertThat(answer.header("X-First")).isEqualTo("here");
			assertThat(answer.header("X-Second")).isEqualTo("here");
			Awaitility.await()
				.atMost(PATIENCE)
				.untilAsserted(() -> assertThat(after.get("/threads").body()).matches("[1-9]\\d* own, 0 others"));
		}
		finally {
			process.destroyForcibly().waitFor();
		}
	}

	private Path classes() {
		return this.folder.resolve("classes");
	}

	private Path output() {
		return this.folder.resolve("output");
	}

	private String said() {
		try {
			return Files.readString(output());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void add(String file) throws IOException {
		Path target = classes().resolve(file);
		Files.createDirectories(target.getParent());
		try (InputStream content = getClass().getClassLoader().getResourceAsStream(file)) {
			assertThat(content).as(file).isNotNull();
			Files.copy(content, target);
		}
	}

	private Process start() throws IOException {
		List<String> own = Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));
		String path = own.stream()
			.filter((entry) -> !Path.of(entry).resolve(APPLICATION).toFile().isDirectory())
			.collect(Collectors.joining(File.pathSeparator, classes() + File.pathSeparator, ""));
		return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
				"-XX:TieredStopAtLevel=1", "-cp", path, DevToolsApplication.class.getName(), "--server.port=0",
				"--port.file=" + this.folder.resolve("port"), "--spring.devtools.livereload.enabled=false",
				"--spring.devtools.restart.poll-interval=100ms", "--spring.devtools.restart.quiet-period=50ms")
			.redirectErrorStream(true)
			.redirectOutput(output().toFile())
			.start();
	}

	/**
	 * Wait until the application has started, and take the file with its port away.
	 */
	private int portOf(Process process) throws IOException {
		Path file = this.folder.resolve("port");
		Awaitility.await()
			.atMost(PATIENCE)
			.failFast(() -> assertThat(process.isAlive()).as(() -> "alive after\n" + said()).isTrue())
			.until(() -> Files.exists(file));
		int port = Integer.parseInt(Files.readString(file));
		Files.delete(file);
		return port;
	}

}
