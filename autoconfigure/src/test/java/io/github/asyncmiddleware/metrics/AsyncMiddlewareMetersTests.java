package io.github.asyncmiddleware.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.record.RequestResult;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareMeters} and {@code docs/metrics.md}, which is to say
 * the same.
 */
class AsyncMiddlewareMetersTests {

	private static final Path PAGE = Path.of("..", "docs", "metrics.md");

	@Test
	void areOnThePageWithTheirTags() {
		assertThat(rows("| meter |").map((row) -> row.get(0) + row.get(2))).containsExactlyElementsOf(
				Arrays.stream(AsyncMiddlewareMeters.values()).map((meter) -> name(meter) + tags(meter)).toList());
	}

	@Test
	void areExplainedOnThePage() throws IOException {
		for (AsyncMiddlewareMeters meter : AsyncMiddlewareMeters.values()) {
			assertThat(Files.readAllLines(PAGE)).filteredOn((line) -> line.startsWith("* " + name(meter))).hasSize(1);
		}
	}

	@Test
	void haveTheirTagsExplainedOnThePage() {
		List<String> explained = rows("| tag |").map((row) -> row.get(0)).toList();
		assertThat(Arrays.stream(AsyncMiddlewareMeters.values()).flatMap((meter) -> meter.tagKeys().stream()))
			.allSatisfy((key) -> assertThat(explained).anyMatch((cell) -> cell.contains("`" + key + "`")));
	}

	@Test
	void haveTheirOutcomesOnThePage() {
		List<String> outcome = rows("| tag |").filter((row) -> row.get(0).equals("`outcome`"))
			.findFirst()
			.orElseThrow();
		assertThat(outcome.get(1)).isEqualTo("by the status: " + String.join(", ", quoted(Outcome.values())));
	}

	@Test
	void haveTheirResultsOnThePage() {
		List<String> results = rows("| `result` |").map((row) -> row.get(0)).toList();
		assertThat(results).containsExactlyElementsOf(
				Stream.concat(quoted(MiddlewareResult.values()).stream(), quoted(RequestResult.values()).stream())
					.map((result) -> result.toLowerCase(Locale.ROOT))
					.toList());
	}

	@Test
	void haveNamesThatAllBeginTheSame() {
		assertThat(AsyncMiddlewareMeters.values())
			.allSatisfy((meter) -> assertThat(meter.meterName()).startsWith("async.middleware."));
	}

	private static String name(AsyncMiddlewareMeters meter) {
		return "`" + meter.meterName() + "`";
	}

	private static String tags(AsyncMiddlewareMeters meter) {
		return String.join(", ", meter.tagKeys().stream().map((key) -> "`" + key + "`").toList());
	}

	private static List<String> quoted(Enum<?>... values) {
		return Arrays.stream(values).map((value) -> "`" + value.name() + "`").toList();
	}

	/**
	 * The rows of all tables whose head begins with a text, as lists of cells.
	 */
	private static Stream<List<String>> rows(String head) {
		try {
			return Stream.of(Files.readString(PAGE).split("\n\n"))
				.filter((paragraph) -> paragraph.startsWith(head))
				.flatMap((table) -> table.lines().skip(2))
				.map((line) -> Arrays.asList(line.substring(2, line.length() - 2).split(" \\| ")));
		}
		catch (IOException ex) {
			throw new IllegalStateException("Cannot read " + PAGE, ex);
		}
	}

}
