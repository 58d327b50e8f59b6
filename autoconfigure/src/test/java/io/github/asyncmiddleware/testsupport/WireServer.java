package io.github.asyncmiddleware.testsupport;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;

/**
 * A handler behind a real Reactor Netty server, and plain sockets to talk to it.
 */
public final class WireServer implements AutoCloseable {

	private final DisposableServer server;

	private final AtomicInteger opened = new AtomicInteger();

	private final AtomicInteger closed = new AtomicInteger();

	public WireServer(HttpHandler handler) {
		this.server = HttpServer.create()
			.host("localhost")
			.port(0)
			.doOnChannelInit((observer, channel, address) -> channel.closeFuture()
				.addListener((future) -> this.closed.incrementAndGet()))
			.handle(new ReactorHttpHandlerAdapter(handler))
			.bindNow();
	}

	public int port() {
		return this.server.port();
	}

	/**
	 * Send a request on a connection of its own and read until the server closes.
	 */
	public String exchange(String requestLine, String... headers) throws IOException {
		try (Socket socket = open()) {
			send(socket, requestLine, headers);
			return readAll(socket);
		}
		catch (SocketTimeoutException ex) {
			throw new AssertionError("The connection stays silent", ex);
		}
	}

	public Socket open() throws IOException {
		Socket socket = new Socket(InetAddress.getByName("localhost"), port());
		this.opened.incrementAndGet();
		socket.setSoTimeout((int) Duration.ofSeconds(10).toMillis());
		return socket;
	}

	/**
	 * Whether the server has seen the end of every connection, so that no request can
	 * come any more.
	 */
	public boolean isQuiet() {
		return this.closed.get() == this.opened.get();
	}

	public static void send(Socket socket, String requestLine, String... headers) throws IOException {
		StringBuilder request = new StringBuilder(requestLine).append(" HTTP/1.1\r\nHost: test\r\n");
		boolean connection = false;
		for (String header : headers) {
			request.append(header).append("\r\n");
			connection |= header.startsWith("Connection:");
		}
		request.append(connection ? "\r\n" : "Connection: close\r\n\r\n");
		socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
		socket.getOutputStream().flush();
	}

	public static String readAll(Socket socket) throws IOException {
		return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
	}

	/**
	 * Read until a text has arrived.
	 */
	public static String readUntil(Socket socket, String text) throws IOException {
		StringBuilder read = new StringBuilder();
		InputStream input = socket.getInputStream();
		while (!endsWith(read, text)) {
			int next = input.read();
			if (next < 0) {
				throw new AssertionError("Closed after: " + read);
			}
			read.append((char) next);
		}
		return read.toString();
	}

	/**
	 * Whether a text has arrived with the last character. What came before is not looked
	 * through again.
	 */
	private static boolean endsWith(StringBuilder read, String text) {
		return read.indexOf(text, Math.max(read.length() - text.length(), 0)) >= 0;
	}

	/**
	 * Leave as a client does that is killed: with a reset.
	 */
	public static void reset(Socket socket) throws IOException {
		socket.setSoLinger(true, 0);
		socket.close();
	}

	@Override
	public void close() {
		this.server.disposeNow();
	}

}
