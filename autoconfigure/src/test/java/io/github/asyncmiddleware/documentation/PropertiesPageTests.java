package io.github.asyncmiddleware.documentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@code docs/properties.md} has the properties that the metadata has, with
 * their defaults, and that other pages set none that is not there.
 */
class PropertiesPageTests {

	private static final Path METADATA = Path.of("target/classes/META-INF/spring-configuration-metadata.json");

	private static final Pattern ROW = Pattern.compile("^\\| `(async-middleware\\.[^`<]+)` \\| (.*?) \\|",
			Pattern.MULTILINE);

	/** Of a single middleware there are too many names. */
	private static final Pattern SET = Pattern.compile("(async-middleware\\.(?!middleware[.\\[])[a-z.-]+)=");

	@Test
	void hasEachPropertyWithItsDefault() throws IOException {
		Map<String, String> documented = new TreeMap<>();
		Matcher row = ROW.matcher(Files.readString(Path.of("../docs/properties.md")));
		while (row.find()) {
			documented.put(row.group(1), row.group(2).replace("`", ""));
		}
		assertThat(documented).isEqualTo(properties());
	}

	@Test
	void otherPagesNameNoPropertyThatIsNotThere() throws IOException {
		Set<String> properties = properties().keySet();
		Set<String> named = new TreeSet<>();
		try (Stream<Path> pages = Files.walk(Path.of("../docs"))) {
			for (Path page : pages.filter((file) -> file.toString().endsWith(".md")).toList()) {
				SET.matcher(Files.readString(page)).results().forEach((property) -> named.add(property.group(1)));
			}
		}
		assertThat(named).hasSizeGreaterThan(10);
		assertThat(properties).containsAll(named);
	}

	private static Map<String, String> properties() throws IOException {
		Map<String, String> properties = new TreeMap<>();
		List<Map<String, Object>> metadata = JsonPath.read(Files.readString(METADATA),
				"$.properties[?(@.name =~ /async-middleware.*/)]");
		for (Map<String, Object> property : metadata) {
			properties.put((String) property.get("name"),
					String.valueOf(property.getOrDefault("defaultValue", "none")));
		}
		// Has a row for each of its parts
		properties.remove("async-middleware.middleware");
		return properties;
	}

}
