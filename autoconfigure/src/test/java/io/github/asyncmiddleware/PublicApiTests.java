package io.github.asyncmiddleware;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that nothing becomes public, or stops being so, unnoticed: the types and members
 * that users can see stand in {@code public-api.txt}, which is reviewed.
 */
class PublicApiTests {

	private static final String ROOT = "io.github.asyncmiddleware";

	private static final Path FILE = Path.of("src/test/resources/public-api.txt");

	private static final Path FOUND = Path.of("target/public-api.txt");

	@Test
	void isWhatTheFileSays() throws IOException {
		List<String> found = publicTypes().flatMap(PublicApiTests::describe).toList();
		Files.write(FOUND, found);
		assertThat(found).as("public API; review the difference, then copy %s to %s", FOUND, FILE)
			.isEqualTo(Files.readAllLines(FILE));
	}

	private static Stream<JavaClass> publicTypes() {
		return new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
			.importPackages(ROOT)
			.stream()
			.filter((type) -> !type.getPackageName().startsWith(ROOT + ".internal"))
			.filter(PublicApiTests::isVisible)
			.sorted((one, other) -> one.getName().compareTo(other.getName()));
	}

	private static boolean isVisible(JavaClass type) {
		return type.getModifiers().contains(JavaModifier.PUBLIC)
				&& type.getEnclosingClass().map(PublicApiTests::isVisible).orElse(true);
	}

	private static Stream<String> describe(JavaClass type) {
		Stream<String> members = type.getMembers()
			.stream()
			.filter(PublicApiTests::isVisible)
			.map(PublicApiTests::describe)
			.sorted();
		return Stream.concat(Stream.of(type.getName()), members.map((member) -> "\t" + member));
	}

	private static boolean isVisible(JavaMember member) {
		Set<JavaModifier> modifiers = member.getModifiers();
		boolean isInherited = modifiers.contains(JavaModifier.PROTECTED)
				&& !member.getOwner().getModifiers().contains(JavaModifier.FINAL);
		return (modifiers.contains(JavaModifier.PUBLIC) || isInherited) && !modifiers.contains(JavaModifier.SYNTHETIC);
	}

	private static String describe(JavaMember member) {
		if (member instanceof JavaField field) {
			return field.getName() + ": " + field.getRawType().getSimpleName();
		}
		JavaCodeUnit codeUnit = (JavaCodeUnit) member;
		String parameters = codeUnit.getRawParameterTypes()
			.stream()
			.map(JavaClass::getSimpleName)
			.collect(Collectors.joining(", ", "(", ")"));
		return (codeUnit instanceof JavaConstructor) ? "new" + parameters
				: codeUnit.getName() + parameters + ": " + codeUnit.getRawReturnType().getSimpleName();
	}

}
