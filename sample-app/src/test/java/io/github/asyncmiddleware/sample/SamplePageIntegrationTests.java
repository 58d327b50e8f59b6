package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for what the page of the {@link SampleApplication} says.
 */
class SamplePageIntegrationTests extends AbstractSamplePageIntegrationTests {

	/** Keeps everything that the page has ever named as the slow one. */
	private static final String KEEP_ANSWERS = """
			window.answers = [];
			addEventListener("DOMContentLoaded", () => {
				const slowest = document.getElementById("slowest");
				const keep = () => window.answers.push(slowest.textContent);
				keep();
				new MutationObserver(keep).observe(slowest, { childList: true, characterData: true, subtree: true });
			});
			""";

	@Test
	void namesNoOtherThanTheSlowMiddlewareFromTheFirstSecond() {
		this.tab.prepare(KEEP_ANSWERS);
		openPage(this.port);
		List<String> answers = texts("window.answers");
		assertThat(answers.get(0)).startsWith("Measuring.");
		assertThat(answers.subList(1, answers.size())).isNotEmpty()
			.allSatisfy((answer) -> assertThat(answer)
				.matches("(?s)audit is the slowest middleware: \\d{3,} ms of its own.*"));
		assertThat(texts(
				"[...document.querySelectorAll('#bar .slow, #parts .slow, #waterfall .slow .who, #chain .slow th')]"
						+ ".map((part) => part.textContent.match(/^[a-z]*/)[0])"))
			.containsExactly("audit", "audit", "audit", "audit");
	}

	@Test
	void keepsAClickUntilItHasMeasured() {
		this.tab.go("http://localhost:" + this.port + "/");
		this.tab.await("document.querySelector('button')");
		this.tab.evaluate("document.querySelectorAll('button')[2].click()");
		this.tab.await("document.querySelector('#status .pill').textContent === '401'");
		this.tab.await(IDLE);
		assertThat(this.tab.text("document.getElementById('sum').textContent")).startsWith("Medians of 12 requests, ");
	}

	@Test
	void addsTheParts() {
		openPage(this.port);
		assertThat(this.tab.text("document.getElementById('sum').textContent")).startsWith("Medians of 12 requests, ");
		double total = Double.parseDouble(
				this.tab.text("document.getElementById('status').textContent.match(/first byte after (\\S+) ms/)[1]"));
		double sum = texts("[...document.querySelectorAll('#waterfall .time')].map((time) => time.textContent)")
			.stream()
			.mapToDouble((time) -> Double.parseDouble(time.replace(" ms", "")))
			.sum();
		assertThat(sum).isCloseTo(total, within(1.0));
	}

	@Test
	void showsTheWholeChain() {
		openPage(this.port);
		assertThat(texts("[...document.querySelectorAll('#chain tbody th')].map((head) => head.textContent)"))
			.containsExactly("requestId", "finalStatus", "statusHeader", "rateLimit", "authentication", "tenant",
					"legacyFilter", "audit", "experiments", "featureFlags", "legacyLicence", "missingAwait",
					"awaitOuter", "awaitInner", "hooksOuter", "hooksInner", "servedBy");
		assertThat(row("legacyLicence", "style")).isEqualTo("hooks, blocks, on the pool");
		assertThat(row("featureFlags", "style")).isEqualTo("hooks, concurrent, timeout 1000ms, skipped on failure");
		assertThat(row("rateLimit", "paths")).isEqualTo("all but /");
		assertThat(row("audit", "results")).matches("\\d+ passed");
		assertThat(row("legacyFilter", "results")).isEqualTo("counts as app");
	}

	@Test
	void drawsSequentialConcurrentAndBlockingMiddlewares() {
		openPage(this.port);
		assertThat(this.tab.text("document.querySelector('#waterfall ol').textContent")).containsSubsequence(
				"requestId", "audit", "experiments, at the same time as its neighbours",
				"featureFlags, at the same time as its neighbours", "legacyLicence, blocks, on the pool", "app");
		String edge = "(name) => document.querySelector(`#waterfall [title=${name}] + .track i:last-of-type`)"
				+ ".getBoundingClientRect()";
		double audit = this.tab.evaluate("(" + edge + ")('audit').right").asDouble();
		assertThat(this.tab.evaluate("(" + edge + ")('experiments').left").asDouble()).isCloseTo(audit, within(1.0));
		List<String> together = texts("[...document.querySelectorAll('#waterfall i.together')].slice(0, 2)"
				+ ".map((band) => String(band.getBoundingClientRect().left))");
		assertThat(together).hasSize(2)
			.allSatisfy((left) -> assertThat(Double.parseDouble(left)).isCloseTo(audit, within(1.0)));
	}

	@Test
	void canBeUsedWithTheKeyboard() {
		openPage(this.port);
		List<String> controls = texts("[...document.querySelectorAll('select, button, a')]"
				+ ".filter((control) => control.checkVisibility()).map((control) => control.textContent)");
		assertThat(controls).hasSizeGreaterThan(12).endsWith("/actuator/asyncmiddleware");
		List<String> reached = controls.stream().map((control) -> {
			this.tab.press("Tab", 9, "");
			assertThat(this.tab.text("getComputedStyle(document.activeElement).outlineStyle")).isEqualTo("solid");
			return this.tab.text("document.activeElement.textContent");
		}).toList();
		assertThat(reached).isEqualTo(controls);
		this.tab.evaluate("document.querySelectorAll('button')[2].focus()");
		this.tab.press("Enter", 13, "\r");
		this.tab.await("document.querySelector('#status .pill').textContent === '401'");
		assertThat(this.tab.text("document.activeElement.textContent")).startsWith("A wrong key");
	}

	@Test
	void saysThatTheServerIsGoneAndGoesOnWhenItIsBack() throws IOException {
		int port = portForTwo();
		ConfigurableApplicationContext first = startApplication(port);
		try {
			openPage(port);
			assertThat(this.tab.evaluate("document.getElementById('gone').hidden").asBoolean()).isTrue();
			this.tab.evaluate("globalThis.before = state.samples.at(-1)");
		}
		finally {
			first.close();
		}
		this.tab.await("!document.getElementById('gone').hidden");
		assertThat(this.tab.text("document.getElementById('gone').textContent"))
			.startsWith("The server does not answer, since ")
			.contains("mvn -q spring-boot:run");
		click("One product request");
		ConfigurableApplicationContext second = startApplication(port);
		try {
			this.tab.await("document.getElementById('gone').hidden");
			this.tab.await("!state.busy && state.samples.length >= ENOUGH_SAMPLES");
			assertThat(this.tab.evaluate("state.samples.includes(before)").asBoolean()).isFalse();
			click("No such page");
			assertThat(this.tab.text("document.querySelector('#status .pill').textContent")).isEqualTo("404");
		}
		finally {
			second.close();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "off", "total" })
	void saysWhatIsMissingWithoutTheParts(String serverTiming) {
		try (ConfigurableApplicationContext context = startApplication(0,
				"--async-middleware.server-timing=" + serverTiming)) {
			openPage(context.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
			assertThat(this.tab.text("document.getElementById('waterfall').textContent"))
				.contains("async-middleware.server-timing=detailed");
			assertThat(this.tab.text("document.getElementById('slowest').textContent")).startsWith("audit is");
		}
	}

	/**
	 * A port that is still free when the first application has given it back, since no
	 * system gives it to a process that asks for any.
	 */
	private static int portForTwo() throws IOException {
		int port = 20_000;
		while (true) {
			try (ServerSocket socket = new ServerSocket(port)) {
				return socket.getLocalPort();
			}
			catch (BindException ex) {
				port++;
			}
		}
	}

	private static ConfigurableApplicationContext startApplication(int port, String... more) {
		String[] arguments = Stream
			.concat(Stream.of("--server.port=" + port, "--sample.upstream.delay.audit=200ms"), Stream.of(more))
			.toArray(String[]::new);
		return new SpringApplicationBuilder(SampleApplication.class).run(arguments);
	}

	private String row(String name, String column) {
		return this.tab
			.text("[...document.querySelectorAll('#chain tbody tr')].find((row) => row.cells[0].textContent === '"
					+ name + "').querySelector('." + column + "').textContent");
	}

}
