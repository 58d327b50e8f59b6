package io.github.asyncmiddleware.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for README and the pages about testing and the how-to: their code is that of the
 * tests.
 */
class DocumentationTests {

	private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

	private static final Pattern JAVA = Pattern.compile("^```java\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

	private static final Pattern SPACE = Pattern.compile("\\s+");

	private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");

	private static final Pattern VERSION = Pattern
		.compile("<artifactId>async-middleware-parent</artifactId>\\s*<version>([^<]+)</version>");

	@ParameterizedTest
	@ValueSource(strings = { "README.md", "docs/getting-started.md", "docs/styles.md", "docs/concurrency.md",
			"docs/testing.md", "docs/how-to.md", "test/README.md" })
	void showsCodeThatIsCompiledAndRun(String page) {
		List<String> sources = sources();
		Matcher example = JAVA.matcher(read(PROJECT.resolve(page)));
		int examples = 0;
		while (example.find()) {
			String code = withoutSpace(example.group(1));
			assertThat(sources).as(example.group(1)).anyMatch((source) -> source.contains(code));
			examples++;
		}
		assertThat(examples).isPositive();
	}

	@ParameterizedTest
	@ValueSource(strings = { "README.md", "docs/getting-started.md", "docs/styles.md", "docs/concurrency.md",
			"docs/testing.md", "docs/how-to.md", "test/README.md" })
	void linksToWhatIsThere(String page) {
		Path file = PROJECT.resolve(page);
		Matcher link = LINK.matcher(read(file));
		while (link.find()) {
			assertThat(file.resolveSibling(link.group(1))).exists();
		}
	}

	@Test
	void namesTheArtifactsAsTheyAre() {
		Matcher version = VERSION.matcher(read(PROJECT.resolve("pom.xml")));
		assertThat(version.find()).isTrue();
		assertThat(read(PROJECT.resolve("docs/how-to.md")))
			.contains("\"io.github.asyncmiddleware:async-middleware-spring-boot-starter:" + version.group(1) + "\"")
			.contains("\"io.github.asyncmiddleware:async-middleware-spring-boot-test:" + version.group(1) + "\"");
		assertThat(read(PROJECT.resolve("docs/testing.md"))).contains("<version>" + version.group(1) + "</version>");
		assertThat(read(PROJECT.resolve("starter/pom.xml"))).contains("async-middleware-spring-boot-starter");
		assertThat(read(PROJECT.resolve("test/pom.xml"))).contains("async-middleware-spring-boot-test");
	}

	private static List<String> sources() {
		try (Stream<Path> files = Files.walk(PROJECT.resolve("test/src/test/java"))) {
			return files.filter((file) -> file.toString().endsWith(".java"))
				.map((file) -> withoutSpace(read(file)))
				.toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String withoutSpace(String text) {
		return SPACE.matcher(text).replaceAll("");
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
