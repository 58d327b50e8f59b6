package io.github.asyncmiddleware.faults;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.springframework.http.HttpHeaders;

/**
 * Speaks HTTP/1.1 on a plain socket, and believes in nothing but the bytes.
 */
final class RawClient implements Client {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final Socket socket;

	/** What has been read so far, for the message when something is wrong. */
	private final ByteArrayOutputStream read = new ByteArrayOutputStream();

	RawClient(int port) {
		try {
			this.socket = new Socket(InetAddress.getByName("localhost"), port);
			this.socket.setSoTimeout((int) PATIENCE.toMillis());
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * Send a request, and with the same bytes a second one. Nothing may stand between the
	 * two answers, nor behind the second.
	 */
	@Override
	public Answer send(String method, String path, String... headers) {
		try {
			write(request(method, path, headers) + request("GET", FaultServer.ALIVE));
			Answer answer = readAnswer(method);
			Answer next = readAnswer("GET");
			this.socket.shutdownOutput();
			if (!next.text().equals("200 alive") || readByte() >= 0) {
				throw broken("The connection is out of order");
			}
			return answer;
		}
		catch (IOException ex) {
			throw broken(ex.toString());
		}
	}

	@Override
	public Answer sendNext(String method, String path, String... headers) {
		this.read.reset();
		try {
			write(request(method, path, headers));
			return readAnswer(method);
		}
		catch (IOException ex) {
			throw broken(ex.toString());
		}
	}

	/**
	 * Send a request and read until the server closes the connection.
	 * @return all bytes that have come
	 */
	String sendLast(String method, String path, String... headers) {
		try {
			write(request(method, path, headers));
			while (readByte() >= 0) {
				continue;
			}
			return this.read.toString(StandardCharsets.ISO_8859_1);
		}
		catch (SocketTimeoutException ex) {
			throw broken("The connection stays open");
		}
		catch (IOException ex) {
			return this.read.toString(StandardCharsets.ISO_8859_1);
		}
	}

	private static String request(String method, String path, String... headers) {
		StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: test\r\n");
		for (String header : headers) {
			request.append(header).append("\r\n");
		}
		return request.append("\r\n").toString();
	}

	private void write(String request) throws IOException {
		this.socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
		this.socket.getOutputStream().flush();
	}

	private Answer readAnswer(String method) throws IOException {
		String statusLine = readLine();
		if (!statusLine.startsWith("HTTP/1.1 ")) {
			throw broken("No status line");
		}
		int status = Integer.parseInt(statusLine.substring(9, 12));
		HttpHeaders headers = new HttpHeaders();
		for (String line = readLine(); !line.isEmpty(); line = readLine()) {
			int colon = line.indexOf(':');
			headers.add(line.substring(0, colon), line.substring(colon + 1).strip());
		}
		boolean bodiless = method.equals("HEAD") || status < 200 || status == 204 || status == 304;
		return new Answer(status, headers, bodiless ? "" : readBody(headers));
	}

	private String readBody(HttpHeaders headers) throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		if ("chunked".equals(headers.getFirst(HttpHeaders.TRANSFER_ENCODING))) {
			for (int size = readChunkSize(); size > 0; size = readChunkSize()) {
				readBytes(size, body);
				if (!readLine().isEmpty()) {
					throw broken("A chunk is longer than it says");
				}
			}
			if (!readLine().isEmpty()) {
				throw broken("There is something behind the last chunk");
			}
		}
		else if (headers.getContentLength() >= 0) {
			readBytes((int) headers.getContentLength(), body);
		}
		else {
			throw broken("Nothing says where the body ends");
		}
		return body.toString(StandardCharsets.UTF_8);
	}

	private int readChunkSize() throws IOException {
		return Integer.parseInt(readLine(), 16);
	}

	private void readBytes(int length, ByteArrayOutputStream body) throws IOException {
		for (int i = 0; i < length; i++) {
			body.write(readOne());
		}
	}

	private String readLine() throws IOException {
		StringBuilder line = new StringBuilder();
		for (int next = readOne(); next != '\n'; next = readOne()) {
			line.append((char) next);
		}
		return line.substring(0, Math.max(0, line.length() - 1));
	}

	private int readOne() throws IOException {
		int next = readByte();
		if (next < 0) {
			throw broken("The server has closed the connection");
		}
		return next;
	}

	private int readByte() throws IOException {
		int next = this.socket.getInputStream().read();
		if (next >= 0) {
			this.read.write(next);
		}
		return next;
	}

	private AssertionError broken(String why) {
		return new AssertionError(why + ", after:\n" + this.read.toString(StandardCharsets.ISO_8859_1));
	}

	@Override
	public void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			throw new AssertionError(ex);
		}
	}

}
