package io.github.asyncmiddleware.testsupport;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A {@code Server-Timing} header as a client reads it.
 */
public final class TimingHeader {

	private static final Pattern ENTRY = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+);dur=(\\d+)\\.(\\d{3})");

	private static final String NAME = "Server-Timing: ";

	private final Map<String, Long> entries = new LinkedHashMap<>();

	/**
	 * Read a header that has to be well-formed.
	 */
	public static TimingHeader parse(String value) {
		TimingHeader header = new TimingHeader();
		for (String entry : value.split(", ", -1)) {
			Matcher matcher = ENTRY.matcher(entry);
			assertThat(matcher.matches()).as("'%s' in '%s'", entry, value).isTrue();
			Long microseconds = Long.valueOf(matcher.group(2) + matcher.group(3));
			assertThat(header.entries.put(matcher.group(1), microseconds)).as("twice in '%s'", value).isNull();
		}
		return header;
	}

	/**
	 * The values of the header in the text of a response.
	 */
	public static List<String> of(String response) {
		return head(response).filter((line) -> line.startsWith(NAME))
			.map((line) -> line.substring(NAME.length()))
			.toList();
	}

	/**
	 * The text of a response without one value of the header.
	 */
	public static String without(String response, String value) {
		return response.replace(NAME + value + "\r\n", "");
	}

	private static Stream<String> head(String response) {
		int end = response.indexOf("\r\n\r\n");
		return response.substring(0, Math.max(end, 0)).lines();
	}

	/**
	 * The names in their order.
	 */
	public List<String> names() {
		return new ArrayList<>(this.entries.keySet());
	}

	/**
	 * The value of an entry in microseconds.
	 */
	public long get(String name) {
		Long microseconds = this.entries.get(name);
		assertThat(microseconds).as(name).isNotNull();
		return microseconds;
	}

	/**
	 * The sum of all entries except the total, in microseconds.
	 */
	public long sum() {
		return this.entries.values().stream().mapToLong(Long::longValue).sum() - get("total");
	}

}
