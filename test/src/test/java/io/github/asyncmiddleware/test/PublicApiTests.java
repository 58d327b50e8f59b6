package io.github.asyncmiddleware.test;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that nothing becomes public, or stops being so, unnoticed.
 */
class PublicApiTests {

	@Test
	void isWhatIsReviewed() throws IOException, URISyntaxException {
		assertThat(publicTypes()).containsExactlyInAnyOrder("MiddlewareAttributes", "MiddlewarePart",
				"MiddlewarePartAssert", "MiddlewareStartException", "MiddlewareTestResult",
				"MiddlewareTestResultAssert", "MiddlewareTester", "MockLiveResponse", "RunningExchange");
	}

	private static List<String> publicTypes() throws IOException, URISyntaxException {
		Path classes = Path.of(MiddlewareTester.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		try (Stream<Path> files = Files.walk(classes)) {
			return files.map((file) -> file.getFileName().toString())
				.filter((name) -> name.endsWith(".class") && !name.startsWith("package-info"))
				.map((name) -> name.substring(0, name.length() - ".class".length()))
				.filter(PublicApiTests::isPublic)
				.toList();
		}
	}

	private static boolean isPublic(String name) {
		Class<?> type = ClassUtils.resolveClassName(MiddlewareTester.class.getPackageName() + "." + name, null);
		return Modifier.isPublic(type.getModifiers());
	}

}
