package io.github.asyncmiddleware.testsupport.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A client with a connection of its own that makes requests, byte by byte if need be.
 */
public abstract class Client implements AutoCloseable {

	/** A path that every application has for this purpose: it says {@code alive}. */
	public static final String ALIVE = "/alive";

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final Socket socket;

	Client(int port) {
		this(port, new Socket());
	}

	/**
	 * Connect a socket.
	 * @param port where to
	 * @param socket the socket
	 */
	Client(int port, Socket socket) {
		try {
			this.socket = socket;
			this.socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
			this.socket.setTcpNoDelay(true);
			this.socket.setSoTimeout((int) PATIENCE.toMillis());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Wait for longer than half a minute for what the server has to do first.
	 * @param patience for how long
	 */
	public final void patience(Duration patience) {
		try {
			this.socket.setSoTimeout((int) patience.toMillis());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Send a whole request without a body and wait for the answer.
	 * @param protocol how
	 * @param port where the server is
	 * @param method the method
	 * @param path the path
	 * @param headers the headers, as {@code Name: value}
	 * @return the answer
	 */
	public static Answer exchange(Protocol protocol, int port, String method, String path, String... headers) {
		try (Client client = protocol.connect(port)) {
			client.head(method, path, true, headers);
			return client.answer();
		}
	}

	/**
	 * Send a whole form and wait for the answer.
	 * @param protocol how
	 * @param port where the server is
	 * @param path the path
	 * @param form the form, encoded
	 * @return the answer
	 */
	public static Answer post(Protocol protocol, int port, String path, String form) {
		try (Client client = protocol.connect(port)) {
			client.form("POST", path, form.length());
			client.body(form, true);
			return client.answer();
		}
	}

	/**
	 * Send the head of a form.
	 * @param method the method
	 * @param path the path
	 * @param length how long it claims to be
	 */
	public final void form(String method, String path, int length) {
		head(method, path, false, "Content-Type: application/x-www-form-urlencoded", "Content-Length: " + length);
	}

	/**
	 * Send the head of the request.
	 * @param method the method
	 * @param path the path
	 * @param end whether that is all
	 * @param headers the headers, as {@code Name: value}
	 */
	public abstract void head(String method, String path, boolean end, String... headers);

	/**
	 * Send a part of the body.
	 * @param part the part
	 * @param end whether it is the last
	 */
	public abstract void body(String part, boolean end);

	/**
	 * Leave.
	 * @param how how
	 */
	public void leave(Leaving how) {
		try {
			if (how == Leaving.FIN) {
				this.socket.shutdownOutput();
			}
			else {
				this.socket.setSoLinger(true, 0);
				this.socket.close();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Send a request as the last one but one: behind it goes another one that has to be
	 * answered as ever.
	 * @param method the method
	 * @param path the path
	 * @param headers header lines
	 * @return the answer to the first request, whole
	 */
	public abstract Answer send(String method, String path, String... headers);

	/**
	 * Send a request on a connection that is used again.
	 * @param method the method
	 * @param path the path
	 * @param headers header lines
	 * @return the answer, whole
	 */
	public abstract Answer sendNext(String method, String path, String... headers);

	/**
	 * Wait for the answer.
	 * @return the answer
	 */
	public final Answer answer() {
		try {
			return read();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	abstract Answer read() throws IOException;

	final Socket socket() {
		return this.socket;
	}

	/**
	 * Send bytes.
	 * @param text the bytes, as ISO 8859-1
	 */
	public final void write(String text) {
		write(text.getBytes(StandardCharsets.ISO_8859_1));
	}

	final void write(byte[] bytes) {
		try {
			this.socket.getOutputStream().write(bytes);
			this.socket.getOutputStream().flush();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
