package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.sample.browser.Chromium;
import io.github.asyncmiddleware.sample.browser.Screen;
import io.github.asyncmiddleware.sample.browser.Tab;
import io.github.asyncmiddleware.sample.upstream.HeldServices;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for the page of the {@link SampleApplication} in a real browser: what it says,
 * and what its buttons do. The slow middleware is so slow that no machine confuses it
 * with another one.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "sample.upstream.delay.audit=200ms", "async-middleware.middleware.feature-flags.timeout=1s" })
@Import(HeldServices.class)
class SamplePageIntegrationTests {

	private static final String IDLE = "document.getElementById('said').textContent"
			+ " && !document.getElementById('buttons').hasAttribute('data-busy')";

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

	/** Stands in for the endpoint with the slowest requests. */
	private static final String SLOW_REQUESTS = """
			const real = window.fetch;
			const answers = {
				"/actuator": { _links: { slowrequests: { href: "http://localhost/actuator/slowrequests" } } },
				"/actuator/slowrequests": %s
			};
			window.fetch = (path, options) => (path in answers)
				? Promise.resolve(new Response(JSON.stringify(answers[path]))) : real(path, options);
			""";

	private static Chromium browser;

	@LocalServerPort
	private int port;

	@Autowired
	private HeldServices services;

	private Tab tab;

	@BeforeAll
	static void startBrowser() throws IOException {
		browser = Chromium.start();
	}

	@AfterAll
	static void stopBrowser() {
		if (browser != null) {
			browser.close();
		}
	}

	@BeforeEach
	void open() {
		this.tab = browser.open(Screen.desktop("light"));
	}

	@AfterEach
	void close() {
		this.services.release();
		try {
			assertThat(this.tab.exceptions()).isEmpty();
		}
		finally {
			this.tab.close();
		}
	}

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

	@ParameterizedTest
	@CsvSource(textBlock = """
			A wrong key,               401, authentication answered,      WWW-Authenticate
			Over the rate limit,       429, rateLimit answered,           Retry-After
			No such page,              404, servedBy,                     X-Final-Status
			Flags that are missing,    200, featureFlags \\w+_open,       X-Status
			Flags that are too slow,   200, featureFlags timeout_open,    X-Status
			An experiment that fails,  500, experiments failed,           X-Final-Status
			A forgotten await,         500, missingAwait misused,         X-Final-Status
			A handler that fails,      500, app,                          X-Final-Status
			A stream of events,        200, audit,                        X-Status
			The layers of an onion,    200, hooksInner,                   X-Onion
			One product request,       200, legacyLicence,                X-Licence-Thread
			""")
	void showsWhatAButtonDoes(String label, int status, String end, String header) {
		openPage(this.port);
		String before = lastRequest();
		if (label.equals("Flags that are too slow")) {
			this.services.hold("flags");
		}
		click(label);
		assertThat(lastRequest()).isNotEqualTo(before);
		assertThat(this.tab.text("document.querySelector('#status .pill').textContent"))
			.isEqualTo(String.valueOf(status));
		assertThat(this.tab.text("document.getElementById('status').textContent")).contains("in the browser");
		assertThat(texts("[...document.querySelectorAll('#headers dt')].map((name) => name.textContent)"))
			.contains(header);
		String name = end.split(" ")[0];
		assertThat(texts("[...document.querySelectorAll('#waterfall .who')].map((who) => who.title)")).contains(name);
		if (end.contains(" ")) {
			String result = end.split(" ")[1];
			assertThat(
					this.tab.text("document.querySelector('#waterfall [title=" + name + "] + .track b').textContent"))
				.matches(result);
			assertThat(this.tab.text("document.querySelector('#chain tr.changed th').textContent")).isEqualTo(name);
			assertThat(
					texts("[...document.querySelectorAll('#chain tr.changed .pill')].map((pill) => pill.textContent)"))
				.anySatisfy((pill) -> assertThat(pill).matches("\\d+ " + result));
			assertThat(this.tab.text("document.getElementById('said').textContent"))
				.matches(status + " for .*" + name + " " + result.replace("_", ".") + ".*");
		}
	}

	@Test
	void drawsTheSlowestRequestsWhereTheApplicationShowsThem() throws IOException {
		String slow = new ClassPathResource("slowrequests.json").getContentAsString(StandardCharsets.UTF_8);
		this.tab.prepare(SLOW_REQUESTS.formatted(slow));
		openPage(this.port);
		this.tab.await("!document.getElementById('choose').hidden");
		assertThat(texts("[...document.querySelectorAll('#choice option')].map((option) => option.textContent)"))
			.containsExactly("the last request", "170 ms, 200, GET /products/{id}",
					"12.0 ms, gone_before_head, GET UNKNOWN");
		choose("0");
		assertThat(this.tab.text("document.getElementById('status').textContent")).matches(
				"200 GET /products/\\{id}, first byte after 170 ms, at .*, trace 4bf92f3577b34da6a3ce929d0e0e4736");
		assertThat(this.tab.text("document.querySelector('#waterfall .slow .who').title")).isEqualTo("audit");
		// A part before handing over, and one when the response is back
		assertThat(this.tab.evaluate("document.querySelectorAll('#waterfall [title=statusHeader] + .track i').length")
			.asInt()).isEqualTo(2);
		// The one that finished first is drawn first, although it is the second in the
		// chain
		assertThat(this.tab.evaluate("['featureFlags', 'experiments'].map((name) => document"
				+ ".querySelector(`#waterfall [title=${name}] + .track i:last-of-type`).getBoundingClientRect().left)")
			.valueStream()
			.map(JsonNode::asDouble)).isSorted();
		choose("1");
		assertThat(this.tab.text("document.getElementById('status').textContent"))
			.startsWith("gone_before_head GET UNKNOWN, no first byte, ended after 12.0 ms");
		assertThat(this.tab.text("document.querySelector('#waterfall .slow .who').title")).isEqualTo("authentication");
		click("A wrong key");
		assertThat(this.tab.text("document.getElementById('choice').value")).isEmpty();
		assertThat(this.tab.text("document.querySelector('#status .pill').textContent")).isEqualTo("401");
	}

	@Test
	void sendsTwoHundredProductRequests() {
		openPage(this.port);
		int before = count("audit");
		click("200 product requests");
		assertThat(this.tab.text("document.getElementById('sum').textContent")).startsWith("Medians of 200 requests, ");
		assertThat(this.tab.text("document.getElementById('slowest').textContent")).startsWith("audit is");
		assertThat(count("audit") - before).isEqualTo(200);
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

	private void openPage(int port) {
		this.tab.go("http://localhost:" + port + "/");
		this.tab.await(IDLE);
	}

	private void click(String label) {
		this.tab.evaluate("[...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('"
				+ label + "')).click()");
		this.tab.await(IDLE);
	}

	private void choose(String value) {
		this.tab.evaluate("document.getElementById('choice').value = '" + value
				+ "'; document.getElementById('choice').onchange()");
	}

	private String lastRequest() {
		return this.tab.text("document.getElementById('last').textContent");
	}

	private String row(String name, String column) {
		return this.tab
			.text("[...document.querySelectorAll('#chain tbody tr')].find((row) => row.cells[0].textContent === '"
					+ name + "').querySelector('." + column + "').textContent");
	}

	private int count(String name) {
		return this.tab
			.evaluate("fetch('/actuator/asyncmiddleware/" + name
					+ "').then((response) => response.json()).then((row) => row.own.count)")
			.asInt();
	}

	private List<String> texts(String expression) {
		return this.tab.evaluate(expression).valueStream().map(JsonNode::asString).toList();
	}

}
