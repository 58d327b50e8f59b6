package io.github.asyncmiddleware;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that nothing becomes public, or stops being so, unnoticed: what users can see
 * stands in {@code public-api.txt}, which is changed by hand and reviewed.
 */
class PublicApiTests {

	private static final String ROOT = "io.github.asyncmiddleware";

	private static final Path FILE = Path.of("src/test/resources/public-api.txt");

	@Test
	void isWhatTheFileSays() throws IOException {
		assertThat(publicTypes()).as("public types; review the difference, then change " + FILE)
			.isEqualTo(Files.readAllLines(FILE));
	}

	private static List<String> publicTypes() {
		return new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
			.importPackages(ROOT)
			.stream()
			.filter((type) -> !type.getPackageName().startsWith(ROOT + ".internal"))
			.filter(PublicApiTests::isVisible)
			.map(JavaClass::getName)
			.sorted()
			.toList();
	}

	private static boolean isVisible(JavaClass type) {
		return type.getModifiers().contains(JavaModifier.PUBLIC)
				&& type.getEnclosingClass().map(PublicApiTests::isVisible).orElse(true);
	}

}
