package io.github.asyncmiddleware.testsupport.boot;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

import org.springframework.http.HttpHeaders;

/**
 * A client that speaks HTTP/1.1 on a plain socket, and believes in nothing but the bytes.
 */
public final class Http1Client extends Client {

	private final InputStream input;

	/** What has been read so far, for the message when something is wrong. */
	private final ByteArrayOutputStream read = new ByteArrayOutputStream();

	private String method = "";

	/**
	 * Connect to a server on this machine.
	 * @param port its port
	 */
	public Http1Client(int port) {
		this(port, new Socket());
	}

	private Http1Client(int port, Socket socket) {
		super(port, socket);
		try {
			this.input = new BufferedInputStream(socket().getInputStream());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Connect to a server that can send little that is not read.
	 * @param port the port of the server
	 * @param bytes how many bytes the system may keep for the client; it may take that
	 * for too few
	 * @return the connection
	 */
	public static Http1Client withReceiveBuffer(int port, int bytes) {
		Socket socket = new Socket();
		try {
			// What it is when the connection is made tells how much the server may send
			socket.setReceiveBufferSize(bytes);
		}
		catch (SocketException ex) {
			throw new UncheckedIOException(ex);
		}
		return new Http1Client(port, socket);
	}

	/**
	 * Send the head of a request. Unless a header says otherwise, it asks the server to
	 * close the connection.
	 */
	@Override
	public void head(String method, String path, boolean end, String... headers) {
		boolean connection = false;
		for (String header : headers) {
			connection |= header.toLowerCase(Locale.ROOT).startsWith("connection:");
		}
		this.method = method;
		write(request(method, path, headers) + (connection ? "\r\n" : "Connection: close\r\n\r\n"));
	}

	@Override
	public void body(String part, boolean end) {
		write(part);
	}

	/**
	 * Send a request, and with the same bytes a second one. Nothing may stand between the
	 * two answers, nor behind the second.
	 */
	@Override
	public Answer send(String method, String path, String... headers) {
		write(request(method, path, headers) + "\r\n" + request("GET", ALIVE) + "\r\n");
		Answer answer = whole(method);
		Answer next = whole("GET");
		leave(Leaving.FIN);
		if (!next.text().equals("200 alive") || !readToEnd().isEmpty()) {
			throw broken("The connection is out of order");
		}
		return answer;
	}

	@Override
	public Answer sendNext(String method, String path, String... headers) {
		this.read.reset();
		write(request(method, path, headers) + "\r\n");
		return whole(method);
	}

	/**
	 * Send a request and read until the server closes the connection.
	 * @param method the method
	 * @param path the path
	 * @param headers header lines
	 * @return all bytes that have come
	 */
	public String sendLast(String method, String path, String... headers) {
		write(request(method, path, headers) + "\r\n");
		return readToEnd();
	}

	/**
	 * Read until a text has come.
	 * @param end the text, as ISO 8859-1
	 * @return all bytes up to its end, or less if the server closes the connection before
	 */
	public String readUntil(String end) {
		StringBuilder text = new StringBuilder();
		try {
			// Only the end is looked at: what was read before does not have it
			while (text.indexOf(end, Math.max(text.length() - end.length(), 0)) < 0) {
				int next = this.input.read();
				if (next < 0) {
					break;
				}
				text.append((char) next);
			}
		}
		catch (IOException ex) {
			throw new AssertionError("No " + end + " after:\n" + text, ex);
		}
		return text.toString();
	}

	/**
	 * Read until the server closes the connection.
	 * @return the rest of the bytes
	 */
	public String readToEnd() {
		this.read.reset();
		try {
			while (readByte() >= 0) {
				continue;
			}
		}
		catch (SocketTimeoutException ex) {
			throw broken("The connection stays open");
		}
		catch (IOException ex) {
			// Reset by the server: what has come is what there is
		}
		return this.read.toString(StandardCharsets.ISO_8859_1);
	}

	/**
	 * Read a number of bytes.
	 * @param length how many
	 * @return the bytes, or less if the server closes the connection before
	 */
	public byte[] readBytes(int length) {
		try {
			return this.input.readNBytes(length);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Read the answer to a request, which need not come whole.
	 * @param method the method of the request
	 * @return the answer
	 */
	public Answer answerTo(String method) {
		this.method = method;
		return answer();
	}

	/**
	 * Read the answer to a request, which has to come whole.
	 * @param method the method of the request
	 * @return all its bytes, as ISO 8859-1
	 */
	public String bytesOfAnswerTo(String method) {
		this.read.reset();
		whole(method);
		return this.read.toString(StandardCharsets.ISO_8859_1);
	}

	private Answer whole(String method) {
		Answer answer = answerTo(method);
		if (!answer.complete()) {
			throw broken("The server has closed the connection");
		}
		return answer;
	}

	private static String request(String method, String path, String... headers) {
		StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: test\r\n");
		for (String header : headers) {
			request.append(header).append("\r\n");
		}
		return request.toString();
	}

	@Override
	Answer read() throws IOException {
		HttpHeaders headers = new HttpHeaders();
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		int status = 0;
		try {
			int decided = readHead(headers);
			boolean bodiless = this.method.equals("HEAD") || decided < 200 || decided == 204 || decided == 304;
			status = decided;
			boolean complete = bodiless || readBody(headers, body);
			return new Answer(status, headers, body.toString(StandardCharsets.UTF_8), complete);
		}
		catch (CutException | SocketException ex) {
			// Closed or reset by the server: what has come is what there is
			return (status != 0) ? new Answer(status, headers, body.toString(StandardCharsets.UTF_8), false)
					: Answer.NONE;
		}
	}

	private int readHead(HttpHeaders headers) throws IOException {
		String statusLine = readLine();
		if (!statusLine.startsWith("HTTP/1.1 ")) {
			throw broken("No status line");
		}
		for (String line = readLine(); !line.isEmpty(); line = readLine()) {
			int colon = line.indexOf(':');
			headers.add(line.substring(0, colon), line.substring(colon + 1).strip());
		}
		return Integer.parseInt(statusLine.substring(9, 12));
	}

	/**
	 * Read a body.
	 * @return whether something has told its end
	 */
	private boolean readBody(HttpHeaders headers, ByteArrayOutputStream body) throws IOException {
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
			return true;
		}
		if (headers.getContentLength() >= 0) {
			readBytes((int) headers.getContentLength(), body);
			return true;
		}
		for (int next = readByte(); next >= 0; next = readByte()) {
			body.write(next);
		}
		return false;
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
			throw new CutException();
		}
		return next;
	}

	private int readByte() throws IOException {
		int next = this.input.read();
		if (next >= 0) {
			this.read.write(next);
		}
		return next;
	}

	private AssertionError broken(String why) {
		return new AssertionError(why + ", after:\n" + this.read.toString(StandardCharsets.ISO_8859_1));
	}

	/**
	 * The server has closed the connection in the middle of an answer.
	 */
	private static final class CutException extends IOException {

	}

}
