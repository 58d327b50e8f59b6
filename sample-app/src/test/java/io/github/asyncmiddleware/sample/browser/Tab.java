package io.github.asyncmiddleware.sample.browser;

import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/**
 * A tab of a browser.
 */
public final class Tab implements AutoCloseable {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final DevTools tools;

	private final String target;

	private final String session;

	private final Screen screen;

	Tab(DevTools tools, String target, String session, Screen screen) {
		this.tools = tools;
		this.target = target;
		this.session = session;
		this.screen = screen;
		send("Page.bringToFront", Map.of());
		send("Page.enable", Map.of());
		send("Runtime.enable", Map.of());
		send("Network.enable", Map.of());
		send("Emulation.setDeviceMetricsOverride", Map.of("width", screen.width(), "height", screen.height(),
				"deviceScaleFactor", 1, "mobile", screen.isPhone()));
		send("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", screen.theme()),
						Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
	}

	/**
	 * Run a script in every page before its own scripts.
	 * @param script the script
	 */
	public void prepare(String script) {
		send("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
	}

	/**
	 * Go to a page. Does not wait for it.
	 * @param url the address
	 */
	public void go(String url) {
		send("Page.navigate", Map.of("url", url));
	}

	/**
	 * Evaluate an expression in the page.
	 * @param expression the expression; if it is a promise, it is awaited
	 * @return its value
	 */
	public JsonNode evaluate(String expression) {
		JsonNode answer = send("Runtime.evaluate",
				Map.of("expression", expression, "awaitPromise", true, "returnByValue", true, "userGesture", true));
		if (answer.has("exceptionDetails")) {
			throw new IllegalStateException(expression + ": " + answer.get("exceptionDetails"));
		}
		return answer.path("result").path("value");
	}

	/**
	 * Evaluate an expression in the page to a text.
	 * @param expression the expression
	 * @return its value
	 */
	public String text(String expression) {
		return evaluate(expression).asString();
	}

	/**
	 * Wait for something to become true in the page.
	 * @param condition the expression
	 */
	public void await(String condition) {
		Awaitility.await(condition)
			.atMost(TIMEOUT)
			.pollInterval(Duration.ofMillis(50))
			.ignoreExceptions()
			.until(() -> evaluate("Boolean(" + condition + ")").asBoolean());
	}

	/**
	 * Press a key on the keyboard.
	 * @param key the name of the key, such as {@code Tab}
	 * @param code the number that Windows has for it
	 * @param text what the key writes, if it writes something
	 */
	public void press(String key, int code, String text) {
		send("Input.dispatchKeyEvent", Map.of("type", text.isEmpty() ? "rawKeyDown" : "keyDown", "key", key, "code",
				key, "windowsVirtualKeyCode", code, "text", text));
		send("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key, "code", key, "windowsVirtualKeyCode", code));
	}

	/**
	 * The responses that the page has had so far, as the network tab of the browser knows
	 * them.
	 * @param path the path of the requests
	 * @return the responses in their order
	 */
	public List<JsonNode> responses(String path) {
		return this.tools.events(this.session, "Network.responseReceived")
			.stream()
			.map((event) -> event.get("response"))
			.filter((response) -> response.get("url").asString().endsWith(path))
			.toList();
	}

	/**
	 * What went wrong in the scripts of the page.
	 * @return a text for each exception that was not caught
	 */
	public List<String> exceptions() {
		return this.tools.events(this.session, "Runtime.exceptionThrown").stream().map(JsonNode::toString).toList();
	}

	/**
	 * Make a picture of the whole page.
	 * @return the picture as PNG
	 */
	public byte[] screenshot() {
		int height = evaluate("document.documentElement.scrollHeight").asInt();
		JsonNode answer = send("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip",
				Map.of("x", 0, "y", 0, "width", this.screen.width(), "height", height, "scale", 1)));
		return Base64.getDecoder().decode(answer.get("data").asString());
	}

	private JsonNode send(String method, Map<String, ?> parameters) {
		return this.tools.send(this.session, method, parameters);
	}

	@Override
	public void close() {
		this.tools.send(null, "Target.closeTarget", Map.of("targetId", this.target));
	}

}
