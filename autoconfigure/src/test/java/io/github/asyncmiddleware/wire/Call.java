package io.github.asyncmiddleware.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;

/**
 * What a client sends, and what it waits for in between.
 *
 * @param method the method
 * @param path the path
 * @param headers header lines
 * @param body the body, empty for none
 * @param steps what follows: texts to wait for and texts to send, in turns
 */
record Call(String method, String path, List<String> headers, String body, List<String> steps) {

	private static final int FRAME = 16_000;

	static Call of(String method, String path, String... headers) {
		return new Call(method, path, List.of(headers), "", List.of());
	}

	static Call get(String path, String... headers) {
		return of("GET", path, headers);
	}

	static Call post(String path, String type, String body, String... headers) {
		List<String> all = new ArrayList<>(List.of(headers));
		all.add("Content-Type: " + type);
		all.add("Content-Length: " + body.getBytes(StandardCharsets.ISO_8859_1).length);
		return new Call("POST", path, all, body, List.of());
	}

	/**
	 * The same call, where the body, if there is one, is sent by the steps.
	 */
	Call then(String... steps) {
		return new Call(this.method, this.path, this.headers, "", List.of(steps));
	}

	private boolean isStepped() {
		return !this.steps.isEmpty();
	}

	/**
	 * Whether every protocol can carry it, in one frame for the head and one for the
	 * body.
	 */
	boolean isPlain() {
		return !isStepped() && this.body.length() < FRAME
				&& this.headers.stream()
					.noneMatch((header) -> header.startsWith("Connection:") || header.startsWith("Transfer-Encoding:")
							|| header.length() > FRAME);
	}

	/**
	 * All bytes that come back over HTTP/1.1.
	 */
	String bytes(int port) {
		try (Http1Client client = new Http1Client(port)) {
			StringBuilder head = new StringBuilder(this.method + " " + this.path + " HTTP/1.1\r\nHost: test\r\n");
			this.headers.forEach((header) -> head.append(header).append("\r\n"));
			if (this.headers.stream().noneMatch((header) -> header.startsWith("Connection:"))) {
				head.append("Connection: close\r\n");
			}
			client.write(head + "\r\n" + this.body);
			StringBuilder bytes = new StringBuilder();
			for (int i = 0; i < this.steps.size(); i++) {
				if (i % 2 == 0) {
					bytes.append(client.readUntil(this.steps.get(i)));
				}
				else {
					client.write(this.steps.get(i));
				}
			}
			return bytes + client.readToEnd();
		}
		catch (AssertionError ex) {
			throw new AssertionError("No whole answer to " + this, ex);
		}
	}

	/**
	 * Status, headers in their order and body that come back over HTTP/2.
	 */
	String answer(int port) {
		try (Client client = Protocol.H2C.connect(port)) {
			client.head(this.method, this.path, this.body.isEmpty(), this.headers.toArray(String[]::new));
			if (!this.body.isEmpty()) {
				client.body(this.body, true);
			}
			Answer answer = client.answer();
			StringBuilder text = new StringBuilder(answer.status() + (answer.complete() ? " whole\n" : " cut\n"));
			answer.headers()
				.forEach((name, values) -> values
					.forEach((value) -> text.append(name).append(": ").append(value).append("\r\n")));
			return text + "\r\n" + answer.body();
		}
	}

	@Override
	public String toString() {
		return this.method + " " + this.path + " " + this.headers;
	}

}
