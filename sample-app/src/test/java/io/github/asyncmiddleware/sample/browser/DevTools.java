package io.github.asyncmiddleware.sample.browser;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A connection to the DevTools of a browser: commands that are answered, and events.
 */
final class DevTools implements WebSocket.Listener, AutoCloseable {

	private static final int TIMEOUT_SECONDS = 60;

	private final JsonMapper mapper = new JsonMapper();

	private final AtomicInteger ids = new AtomicInteger();

	private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();

	private final List<JsonNode> events = new CopyOnWriteArrayList<>();

	private final StringBuilder message = new StringBuilder();

	private final WebSocket socket;

	DevTools(URI address) {
		this.socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(address, this).join();
	}

	/**
	 * Send a command and wait for what it returns.
	 */
	JsonNode send(@Nullable String session, String method, Map<String, ?> parameters) {
		int id = this.ids.incrementAndGet();
		CompletableFuture<JsonNode> answer = new CompletableFuture<JsonNode>().orTimeout(TIMEOUT_SECONDS,
				TimeUnit.SECONDS);
		this.answers.put(id, answer);
		Map<String, Object> command = new HashMap<>(Map.of("id", id, "method", method, "params", parameters));
		if (session != null) {
			command.put("sessionId", session);
		}
		this.socket.sendText(this.mapper.writeValueAsString(command), true).join();
		JsonNode message = answer.join();
		if (message.has("error")) {
			throw new IllegalStateException(method + ": " + message.get("error"));
		}
		return message.get("result");
	}

	/**
	 * The events of a name that a session has had so far, in their order.
	 */
	List<JsonNode> events(String session, String method) {
		return this.events.stream()
			.filter((event) -> event.path("sessionId").asString("").equals(session))
			.filter((event) -> event.path("method").asString("").equals(method))
			.map((event) -> event.get("params"))
			.toList();
	}

	@Override
	public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
		this.message.append(data);
		if (last) {
			receive(this.mapper.readTree(this.message.toString()));
			this.message.setLength(0);
		}
		socket.request(1);
		return null;
	}

	private void receive(JsonNode message) {
		CompletableFuture<JsonNode> answer = message.has("id") ? this.answers.remove(message.get("id").asInt()) : null;
		if (answer != null) {
			answer.complete(message);
		}
		else {
			this.events.add(message);
		}
	}

	@Override
	public void close() {
		this.socket.abort();
	}

}
