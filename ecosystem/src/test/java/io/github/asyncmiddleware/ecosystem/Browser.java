package io.github.asyncmiddleware.ecosystem;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sends requests over plain sockets, keeps cookies, and remembers all that comes back.
 */
final class Browser {

	private static final int PATIENCE = 20_000;

	private final int port;

	private final Map<String, String> cookies = new LinkedHashMap<>();

	private final List<String> answers = new ArrayList<>();

	Browser(int port) {
		this.port = port;
	}

	/**
	 * All answers so far: the request line, then status line, headers and body as they
	 * came, without the sizes of chunks, which depend on the network.
	 * @return the answers
	 */
	List<String> answers() {
		return this.answers;
	}

	/**
	 * Remember what came back in another way.
	 * @param answer the answer
	 */
	void remember(String answer) {
		this.answers.add(answer);
	}

	int port() {
		return this.port;
	}

	Answer get(String path, String... headers) {
		return send("GET", path, "", headers);
	}

	Answer post(String path, String type, String body, String... headers) {
		List<String> all = new ArrayList<>(List.of(headers));
		all.add("Content-Type: " + type);
		all.add("Content-Length: " + body.getBytes(StandardCharsets.ISO_8859_1).length);
		return send("POST", path, body, all.toArray(String[]::new));
	}

	Answer postForm(String path, String body) {
		return post(path, "application/x-www-form-urlencoded", body);
	}

	/**
	 * Send a request and read until the server closes the connection.
	 * @param method the method
	 * @param path the path
	 * @param body the body, empty for none
	 * @param headers header lines
	 * @return the answer
	 */
	Answer send(String method, String path, String body, String... headers) {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.port)) {
			socket.setSoTimeout(PATIENCE);
			StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: test\r\n");
			this.cookies.forEach((name, value) -> head.append("Cookie: " + name + "=" + value + "\r\n"));
			for (String header : headers) {
				head.append(header).append("\r\n");
			}
			head.append("Connection: close\r\n\r\n").append(body);
			socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
			Answer answer = Answer.of(readToEnd(socket.getInputStream()));
			this.answers.add(method + " " + path + "\n" + answer);
			answer.cookies().forEach(this::keep);
			return answer;
		}
		catch (SocketTimeoutException ex) {
			throw new AssertionError("No end of the answer to " + method + " " + path, ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String readToEnd(InputStream input) throws IOException {
		return new String(input.readAllBytes(), StandardCharsets.ISO_8859_1);
	}

	private void keep(String name, String value) {
		if (value.isEmpty()) {
			this.cookies.remove(name);
		}
		else {
			this.cookies.put(name, value);
		}
	}

	/**
	 * An answer.
	 *
	 * @param head its status line and headers
	 * @param body its body, put together where it came in chunks
	 */
	record Answer(String head, String body) {

		static Answer of(String bytes) {
			int end = bytes.indexOf("\r\n\r\n");
			if (end < 0) {
				return new Answer(bytes, "");
			}
			String head = bytes.substring(0, end);
			String body = bytes.substring(end + 4);
			return new Answer(head, head.contains("transfer-encoding: chunked") ? joined(body) : body);
		}

		private static String joined(String chunks) {
			StringBuilder body = new StringBuilder();
			String rest = chunks;
			while (!rest.equals("0\r\n\r\n")) {
				int end = rest.indexOf("\r\n");
				if (end < 0) {
					return body + "(cut)";
				}
				int begin = end + 2;
				int next = begin + Integer.parseInt(rest.substring(0, end), 16);
				if (next + 2 > rest.length()) {
					return body + "(cut)";
				}
				body.append(rest, begin, next);
				rest = rest.substring(next + 2);
			}
			return body.toString();
		}

		int status() {
			return this.head.isEmpty() ? 0 : Integer.parseInt(this.head.substring(9, 12));
		}

		/**
		 * The value of a header.
		 * @param name its name
		 * @return its first value, empty if there is none
		 */
		String header(String name) {
			return this.head.lines()
				.filter((line) -> line.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
				.map((line) -> line.substring(name.length() + 2))
				.findFirst()
				.orElse("");
		}

		private Map<String, String> cookies() {
			Map<String, String> cookies = new LinkedHashMap<>();
			this.head.lines()
				.filter((line) -> line.regionMatches(true, 0, "set-cookie: ", 0, 12))
				.map((line) -> line.substring(12).split(";", 2)[0].split("=", 2))
				.forEach((cookie) -> cookies.put(cookie[0], cookie[1]));
			return cookies;
		}

		@Override
		public String toString() {
			return this.head + "\n\n" + this.body;
		}

	}

}
