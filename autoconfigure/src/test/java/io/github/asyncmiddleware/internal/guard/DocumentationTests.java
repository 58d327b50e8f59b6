package io.github.asyncmiddleware.internal.guard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Documentation}.
 */
class DocumentationTests {

	@Test
	void isWhereTheProjectIs() throws IOException {
		String pom = Files.readString(Path.of("..", "pom.xml"));
		String project = pom.replaceAll("(?s).*?<url>(.*?)</url>.*", "$1");
		assertThat(project).startsWith("https://");
		assertThat(Documentation.see("misuse", "late_next"))
			.isEqualTo(" See " + project + "/blob/main/docs/misuse.md#late_next");
	}

}
