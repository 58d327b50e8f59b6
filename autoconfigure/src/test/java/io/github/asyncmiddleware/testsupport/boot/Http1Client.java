package io.github.asyncmiddleware.testsupport.boot;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A client that speaks HTTP/1.1. Unless a header says otherwise, it asks the server to
 * close the connection, and reads until then.
 */
final class Http1Client extends Client {

	private String method = "";

	Http1Client(int port) {
		super(port);
	}

	@Override
	public void head(String method, String path, boolean end, String... headers) {
		this.method = method;
		StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: test\r\n");
		boolean connection = false;
		for (String header : headers) {
			head.append(header).append("\r\n");
			connection |= header.toLowerCase(Locale.ROOT).startsWith("connection:");
		}
		write(head.append(connection ? "\r\n" : "Connection: close\r\n\r\n").toString());
	}

	@Override
	public void body(String part, boolean end) {
		write(part);
	}

	@Override
	Answer read() throws IOException {
		StringBuilder text = new StringBuilder();
		try {
			InputStream input = socket().getInputStream();
			byte[] bytes = new byte[8192];
			for (int read = input.read(bytes); read >= 0; read = input.read(bytes)) {
				text.append(new String(bytes, 0, read, StandardCharsets.ISO_8859_1));
				Answer answer = parse(text.toString());
				if (answer.complete() && answer.headers().containsKey("content-length") || answer.status() == 101) {
					return answer;
				}
			}
		}
		catch (SocketException ex) {
			// Reset by the server: what has come is what there is
		}
		return parse(text.toString());
	}

	private Answer parse(String text) {
		int end = text.indexOf("\r\n\r\n");
		if (end < 0) {
			return Answer.NONE;
		}
		String[] lines = text.substring(0, end).split("\r\n");
		Map<String, String> headers = new LinkedHashMap<>();
		for (int i = 1; i < lines.length; i++) {
			String[] header = lines[i].split(": ?", 2);
			headers.put(header[0].toLowerCase(Locale.ROOT), header[1]);
		}
		int status = Integer.parseInt(lines[0].split(" ")[1]);
		String rest = text.substring(end + 4);
		if (this.method.equals("HEAD") || status == 204 || status == 304 || status == 101) {
			return new Answer(status, headers, rest, true);
		}
		if (headers.containsKey("content-length")) {
			return new Answer(status, headers, rest, rest.length() == Integer.parseInt(headers.get("content-length")));
		}
		return new Answer(status, headers, unchunk(rest), rest.endsWith("0\r\n\r\n"));
	}

	private static String unchunk(String chunks) {
		StringBuilder body = new StringBuilder();
		int position = 0;
		while (true) {
			int end = chunks.indexOf("\r\n", position);
			int length = (end < 0) ? 0 : Integer.parseInt(chunks.substring(position, end), 16);
			if (length == 0) {
				return body.toString();
			}
			position = Math.min(end + 2 + length, chunks.length());
			body.append(chunks, end + 2, position);
			position = Math.min(position + 2, chunks.length());
		}
	}

}
