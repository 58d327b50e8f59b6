package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.util.List;

import io.github.asyncmiddleware.sample.browser.Chromium;
import io.github.asyncmiddleware.sample.browser.Screen;
import io.github.asyncmiddleware.sample.browser.Tab;
import io.github.asyncmiddleware.sample.upstream.HeldServices;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The page of the {@link SampleApplication} in a real browser, for tests. The slow
 * middleware is so slow that no machine confuses it with another one.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "sample.upstream.delay.audit=200ms", "async-middleware.middleware.feature-flags.timeout=1s" })
@Import(HeldServices.class)
abstract class AbstractSamplePageIntegrationTests {

	static final String IDLE = "document.getElementById('said').textContent"
			+ " && !document.getElementById('buttons').hasAttribute('data-busy')";

	private static Chromium browser;

	@LocalServerPort
	int port;

	@Autowired
	HeldServices services;

	Tab tab;

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

	final void openPage(int port) {
		this.tab.go("http://localhost:" + port + "/");
		this.tab.await(IDLE);
	}

	final void click(String label) {
		this.tab.evaluate("[...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('"
				+ label + "')).click()");
		this.tab.await(IDLE);
	}

	final void choose(String value) {
		this.tab.evaluate("document.getElementById('choice').value = '" + value
				+ "'; document.getElementById('choice').onchange()");
	}

	final String lastRequest() {
		return this.tab.text("document.getElementById('last').textContent");
	}

	final List<String> texts(String expression) {
		return this.tab.evaluate(expression).valueStream().map(JsonNode::asString).toList();
	}

}
