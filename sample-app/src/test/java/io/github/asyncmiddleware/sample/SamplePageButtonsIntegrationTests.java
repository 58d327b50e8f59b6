package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what the buttons of the page do, and its choice of a request.
 */
class SamplePageButtonsIntegrationTests extends AbstractSamplePageIntegrationTests {

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
	void sendsTwoHundredProductRequests() {
		openPage(this.port);
		int before = count("audit");
		click("200 product requests");
		assertThat(this.tab.text("document.getElementById('sum').textContent")).startsWith("Medians of 200 requests, ");
		assertThat(this.tab.text("document.getElementById('slowest').textContent")).startsWith("audit is");
		assertThat(count("audit") - before).isEqualTo(200);
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

	private int count(String name) {
		return this.tab
			.evaluate("fetch('/actuator/asyncmiddleware/" + name
					+ "').then((response) => response.json()).then((row) => row.own.count)")
			.asInt();
	}

}
