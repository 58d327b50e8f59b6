package io.github.asyncmiddleware.documentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the code of reference pages is code that compiles.
 */
class CompiledCodeTests {

	private static final Pattern CODE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

	private static final Pattern PART = Pattern.compile("\n\\s*\n|\n(?=\\s*return )");

	@ParameterizedTest
	@CsvSource({ "foreign-filters.md, ForeignFiltersPage", "observations.md, ObservationsPage" })
	void isInTheSourceOfThePage(String page, String source) throws IOException {
		String compiled = withoutIndentation(
				Files.readString(Path.of("src/test/java/io/github/asyncmiddleware/documentation", source + ".java")));
		List<String> blocks = CODE.matcher(Files.readString(Path.of("../docs", page)))
			.results()
			.map((block) -> withoutIndentation(block.group(1)))
			.toList();
		assertThat(blocks).isNotEmpty().allSatisfy((block) -> assertThat(compiled).contains(block));
	}

	/**
	 * What is wrong and what is right stand below each other there, and classes leave out
	 * their fields: so each paragraph and each return counts by itself.
	 */
	@ParameterizedTest
	@CsvSource({ "blocking.md, BlockingPage", "failures.md, FailuresPage", "metrics.md, MetricsPage",
			"misuse.md, MisusePage", "server-timing.md, ServerTimingPage" })
	void hasItsPartsInTheSourceOfThePage(String page, String source) throws IOException {
		String compiled = withoutBlanks(
				Files.readString(Path.of("src/test/java/io/github/asyncmiddleware/documentation", source + ".java")));
		List<String> parts = CODE.matcher(Files.readString(Path.of("../docs", page)))
			.results()
			.flatMap((block) -> PART.splitAsStream(block.group(1).replaceAll("//.*", "")))
			.map(CompiledCodeTests::withoutBlanks)
			.toList();
		assertThat(parts).isNotEmpty().allSatisfy((part) -> assertThat(compiled).contains(part));
	}

	private static String withoutBlanks(String code) {
		return code.replaceAll("\\s+", "");
	}

	private static String withoutIndentation(String code) {
		return code.replaceAll("(?m)^\\s+", "");
	}

}
