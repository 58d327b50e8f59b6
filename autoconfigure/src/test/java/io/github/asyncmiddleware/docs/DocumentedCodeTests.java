package io.github.asyncmiddleware.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the code on the pages is that which is compiled and run here.
 */
class DocumentedCodeTests {

	private static final Pattern BLOCK = Pattern.compile("```(?:java|kotlin)\n(.*?)```", Pattern.DOTALL);

	private static final List<Path> SOURCES = List.of(Path.of("src/test/java/io/github/asyncmiddleware/docs"),
			Path.of("src/test/kotlin/io/github/asyncmiddleware/docs"));

	@ParameterizedTest
	@ValueSource(strings = { "hooks", "context" })
	void isCompiled(String page) throws IOException {
		Matcher blocks = BLOCK.matcher(Files.readString(Path.of("../docs/" + page + ".md")));
		List<String> sources = sources();
		int count = 0;
		while (blocks.find()) {
			String code = withoutBlanks(blocks.group(1));
			assertThat(sources).as(blocks.group(1)).anyMatch((source) -> source.contains(code));
			count++;
		}
		assertThat(count).isPositive();
	}

	private static List<String> sources() throws IOException {
		try (Stream<Path> files = Stream.concat(Files.list(SOURCES.get(0)), Files.list(SOURCES.get(1)))) {
			return files.map(DocumentedCodeTests::read).map(DocumentedCodeTests::withoutBlanks).toList();
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String withoutBlanks(String code) {
		return code.replaceAll("\\s+", "");
	}

}
