package io.github.asyncmiddleware.documentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@code docs/properties.md} has the properties that the metadata has, with
 * their defaults.
 */
class PropertiesPageTests {

	private static final Path METADATA = Path.of("target/classes/META-INF/spring-configuration-metadata.json");

	private static final Pattern ROW = Pattern.compile("^\\| `(async-middleware\\.[^`<]+)` \\| (.*?) \\|",
			Pattern.MULTILINE);

	@Test
	void hasEachPropertyWithItsDefault() throws IOException {
		Map<String, String> documented = new TreeMap<>();
		Matcher row = ROW.matcher(Files.readString(Path.of("../docs/properties.md")));
		while (row.find()) {
			documented.put(row.group(1), row.group(2).replace("`", ""));
		}
		Map<String, String> properties = new TreeMap<>();
		List<Map<String, Object>> metadata = JsonPath.read(Files.readString(METADATA),
				"$.properties[?(@.name =~ /async-middleware.*/)]");
		for (Map<String, Object> property : metadata) {
			properties.put((String) property.get("name"),
					String.valueOf(property.getOrDefault("defaultValue", "none")));
		}
		// Has a row for each of its parts
		properties.remove("async-middleware.middleware");
		assertThat(documented).isEqualTo(properties);
	}

}
