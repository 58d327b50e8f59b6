package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.sample.browser.Chromium;
import io.github.asyncmiddleware.sample.browser.Screen;
import io.github.asyncmiddleware.sample.browser.Tab;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how the page of the {@link SampleApplication} looks in both themes, on a desk
 * and in a hand. Its pictures are in {@code target/screenshots}.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class SamplePageAppearanceIntegrationTests {

	private static final Path SCREENSHOTS = Path.of("target", "screenshots");

	private static final String IDLE = "document.getElementById('said').textContent"
			+ " && !document.getElementById('buttons').hasAttribute('data-busy')";

	/**
	 * Everything that axe-core knows of, and what it checks only when asked: the order of
	 * the focus and the size of what can be touched.
	 */
	private static final String FIND_BARRIERS = """
			axe.run({ rules: { "focus-order-semantics": { enabled: true }, "target-size": { enabled: true } } })
				.then(({ violations, passes }) => ({
					violations: violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`)),
					passes: passes.map(({ id }) => id) }))
			""";

	private static Chromium browser;

	private static String axe;

	@LocalServerPort
	private int port;

	@BeforeAll
	static void startBrowser() throws IOException {
		browser = Chromium.start();
		axe = new ClassPathResource("axe.min.js").getContentAsString(StandardCharsets.UTF_8);
	}

	@AfterAll
	static void stopBrowser() {
		if (browser != null) {
			browser.close();
		}
	}

	static Stream<Screen> screens() {
		return Stream.of(Screen.desktop("light"), Screen.desktop("dark"), Screen.phone("light"), Screen.phone("dark"));
	}

	@ParameterizedTest
	@MethodSource("screens")
	void hasNoBarriersAndFitsTheScreen(Screen screen) throws IOException {
		try (Tab tab = browser.open(screen)) {
			tab.go("http://localhost:" + this.port + "/");
			tab.await(IDLE);
			Files.createDirectories(SCREENSHOTS);
			Files.write(SCREENSHOTS.resolve(screen + ".png"), tab.screenshot());
			assertFits(tab, screen);
			tab.evaluate(axe + "; undefined");
			assertNoBarriers(tab);
			for (String label : List.of("A wrong key", "Flags that are missing", "A forgotten await")) {
				tab.evaluate("[...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('"
						+ label + "')).click()");
				tab.await(IDLE);
				Files.write(SCREENSHOTS.resolve(screen + "-" + label.toLowerCase().replace(' ', '-') + ".png"),
						tab.screenshot());
				assertFits(tab, screen);
				assertNoBarriers(tab);
			}
			tab.evaluate("showGone(true)");
			assertNoBarriers(tab);
		}
	}

	private static void assertFits(Tab tab, Screen screen) {
		assertThat(tab.evaluate("document.documentElement.scrollWidth").asInt()).isEqualTo(screen.width());
		// Own time next to the name, without scrolling
		JsonNode edges = tab.evaluate("['name', 'own', 'ttfb'].map((name) => "
				+ "[...document.querySelectorAll('#chain tbody .' + name)].at(-1).getBoundingClientRect().right)");
		List<Double> rights = edges.valueStream().map(JsonNode::asDouble).toList();
		assertThat(rights).isSorted().allSatisfy((right) -> assertThat(right).isLessThanOrEqualTo(screen.width()));
	}

	private static void assertNoBarriers(Tab tab) {
		JsonNode found = tab.evaluate(FIND_BARRIERS);
		assertThat(found.get("violations").valueStream().map(JsonNode::asString)).isEmpty();
		assertThat(found.get("passes").valueStream().map(JsonNode::asString)).contains("color-contrast", "target-size");
	}

}
