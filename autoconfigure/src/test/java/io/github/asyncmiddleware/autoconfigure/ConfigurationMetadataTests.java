package io.github.asyncmiddleware.autoconfigure;

import java.beans.PropertyDescriptor;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.Test;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the metadata that editors show for {@link AsyncMiddlewareProperties}.
 */
class ConfigurationMetadataTests {

	private static final String CHOICES = AsyncMiddlewareProperties.class.getName() + "$";

	@Test
	void namesEveryProperty() throws Exception {
		assertThat(metadata().stream().map((property) -> property.get("name"))).containsExactlyInAnyOrderElementsOf(
				properties(AsyncMiddlewareProperties.PREFIX, AsyncMiddlewareProperties.class).toList());
	}

	@Test
	void describesEveryPropertyInASentence() throws Exception {
		assertThat(metadata()).isNotEmpty()
			.allSatisfy((property) -> assertThat((String) property.get("description"))
				.as("description of " + property.get("name"))
				.isNotBlank()
				.endsWith(".")
				.doesNotStartWith("The "));
	}

	@Test
	void tellsTheDefaultOfEverySwitch() throws Exception {
		assertThat(metadata().stream().filter((property) -> "java.lang.Boolean".equals(property.get("type"))))
			.isNotEmpty()
			.allSatisfy((property) -> assertThat(property.get("defaultValue")).as("default of " + property.get("name"))
				.isNotNull());
	}

	@Test
	void tellsTheDefaultOfEveryChoice() throws Exception {
		assertThat(metadata().stream()
			.filter((property) -> String.valueOf(property.get("type")).startsWith(CHOICES))
			.map((property) -> property.get("name") + "=" + property.get("defaultValue")))
			.containsExactlyInAnyOrder("async-middleware.misuse=fail", "async-middleware.server-timing=off",
					"async-middleware.foreign-filters=off");
	}

	private static List<Map<String, Object>> metadata() throws IOException, URISyntaxException {
		URI classes = AsyncMiddlewareProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI();
		String json = Files.readString(Path.of(classes).resolve("META-INF/spring-configuration-metadata.json"));
		return JsonPath.read(json, "$.properties[?(@.name =~ /async-middleware\\..*/)]");
	}

	private static Stream<String> properties(String prefix, Class<?> type) {
		return Stream.of(BeanUtils.getPropertyDescriptors(type))
			.filter((property) -> !property.getName().equals("class"))
			.flatMap((property) -> properties(prefix, property));
	}

	private static Stream<String> properties(String prefix, PropertyDescriptor property) {
		String name = prefix + "." + DataObjectPropertyName.toDashedForm(property.getName());
		Class<?> type = property.getPropertyType();
		boolean nested = type.getName().startsWith(AsyncMiddlewareProperties.class.getName() + "$") && !type.isEnum();
		return nested ? properties(name, type) : Stream.of(name);
	}

}
