package io.github.asyncmiddleware.ecosystem;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * Talks to a WebSocket of an application on this machine.
 */
final class WebSocketClient implements AutoCloseable {

	private static final int PATIENCE = 20;

	private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

	private final WebSocket socket;

	/**
	 * Connect.
	 * @param port the port of the application
	 * @param path the path of the WebSocket
	 * @param protocols the protocols to offer
	 */
	WebSocketClient(int port, String path, String... protocols) {
		WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder();
		if (protocols.length > 0) {
			builder.subprotocols(protocols[0]);
		}
		this.socket = builder.buildAsync(URI.create("ws://localhost:" + port + path), new Listener()).join();
	}

	void send(String text) {
		this.socket.sendText(text, true).join();
	}

	/**
	 * Wait for a message.
	 * @return the message, or {@code closed} with the code
	 * @throws InterruptedException if it is interrupted
	 */
	String receive() throws InterruptedException {
		String message = this.received.poll(PATIENCE, TimeUnit.SECONDS);
		if (message == null) {
			throw new AssertionError("No message");
		}
		return message;
	}

	@Override
	public void close() {
		this.socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
	}

	private final class Listener implements WebSocket.Listener {

		private final StringBuilder text = new StringBuilder();

		@Override
		public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
			this.text.append(data);
			if (last) {
				WebSocketClient.this.received.add(this.text.toString());
				this.text.setLength(0);
			}
			socket.request(1);
			return null;
		}

		@Override
		public @Nullable CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
			WebSocketClient.this.received.add("closed " + statusCode);
			return null;
		}

	}

}
