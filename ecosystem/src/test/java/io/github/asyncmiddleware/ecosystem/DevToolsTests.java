package io.github.asyncmiddleware.ecosystem;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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

	@TempDir
	private Path folder;

	@Test
	void findsWhatWasAddedAfterARestart() throws IOException {
		add("META-INF/spring.factories");
		add("io/github/asyncmiddleware/ecosystem/Library.class");
		add("io/github/asyncmiddleware/ecosystem/OtherLibraries.class");
		add(APPLICATION + "/DevToolsApplication.class");
		add(APPLICATION + "/PortFile.class");
		add(APPLICATION + "/First.class");
		try (OtherProcess process = start()) {
			Browser before = new Browser(process.port());
			Browser.Answer answer = before.get("/");
			assertThat(answer.body()).isEqualTo("hello");
			assertThat(answer.header("X-First")).isEqualTo("here");
			assertThat(answer.header("X-Second")).isEmpty();
			assertThat(before.get("/threads").body()).matches("[1-9]\\d* own, 0 others");
			add(APPLICATION + "/Second.class");
			Browser after = new Browser(process.port());
			answer = after.get("/");
			assertThat(answer.body()).isEqualTo("hello");
			assertThat(answer.header("X-First")).isEqualTo("here");
			assertThat(answer.header("X-Second")).isEqualTo("here");
			Awaitility.await()
				.atMost(OtherProcess.PATIENCE)
				.untilAsserted(() -> assertThat(after.get("/threads").body()).matches("[1-9]\\d* own, 0 others"));
		}
	}

	private Path classes() {
		return this.folder.resolve("classes");
	}

	private void add(String file) throws IOException {
		Path target = classes().resolve(file);
		Files.createDirectories(target.getParent());
		try (InputStream content = getClass().getClassLoader().getResourceAsStream(file)) {
			assertThat(content).as(file).isNotNull();
			Files.copy(content, target);
		}
	}

	private OtherProcess start() throws IOException {
		List<String> own = Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));
		String classPath = own.stream()
			.filter((entry) -> !Path.of(entry).resolve(APPLICATION).toFile().isDirectory())
			.collect(Collectors.joining(File.pathSeparator, classes() + File.pathSeparator, ""));
		return new OtherProcess(this.folder, classPath, DevToolsApplication.class, List.of(),
				List.of("--spring.devtools.livereload.enabled=false", "--spring.devtools.restart.poll-interval=100ms",
						"--spring.devtools.restart.quiet-period=50ms"));
	}

}
