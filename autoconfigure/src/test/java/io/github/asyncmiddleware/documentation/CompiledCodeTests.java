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

	private static String withoutIndentation(String code) {
		return code.replaceAll("(?m)^\\s+", "");
	}

}
