package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the links of the documentation lead somewhere.
 */
class DocumentationTests {

	private static final Path ROOT = Path.of("..");

	private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");

	private static final Pattern CODE = Pattern.compile("^ *```.*?^ *```$", Pattern.MULTILINE | Pattern.DOTALL);

	private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);

	@TestFactory
	Stream<DynamicTest> linksLeadSomewhere() throws IOException {
		List<Path> pages = pages();
		assertThat(pages).hasSizeGreaterThan(10);
		return pages.stream().map((page) -> DynamicTest.dynamicTest(ROOT.relativize(page).toString(), () -> {
			for (MatchResult link : LINK.matcher(withoutCode(page)).results().toList()) {
				Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1)).normalize();
				assertThat(target).as(link.group()).exists();
				if (link.group(2) != null) {
					assertThat(anchors(target)).as(link.group()).contains(link.group(2));
				}
			}
		}));
	}

	@Test
	void djangoIsComparedInFull() throws IOException {
		String page = Files.readString(ROOT.resolve("docs/coming-from-django.md"));
		assertThat(page.lines().filter((line) -> line.startsWith("| "))).hasSizeGreaterThanOrEqualTo(17);
		assertThat(page).contains("await get_response(request)", "blocking_io_call()", "X-Status", "asyncio.gather",
				"MiddlewareNotUsed");
	}

	private static List<Path> pages() throws IOException {
		try (Stream<Path> top = Files.list(ROOT); Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
			return Stream.concat(top, docs).filter((file) -> file.toString().endsWith(".md")).sorted().toList();
		}
	}

	private static String withoutCode(Path page) throws IOException {
		return CODE.matcher(Files.readString(page)).replaceAll("");
	}

	/**
	 * The names that GitHub gives to headings.
	 */
	private static Set<String> anchors(Path page) throws IOException {
		Set<String> anchors = new HashSet<>();
		for (MatchResult heading : HEADING.matcher(withoutCode(page)).results().toList()) {
			String text = heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "");
			String anchor = text.strip().replace(' ', '-');
			for (int i = 1; !anchors.add(anchor); i++) {
				anchor = text.strip().replace(' ', '-') + "-" + i;
			}
		}
		return anchors;
	}

}
