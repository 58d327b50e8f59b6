package io.github.asyncmiddleware.testsupport.boot;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;

/**
 * A client that speaks HTTP/2, frame by frame, on one stream after the other.
 */
public final class Http2Client extends Client {

	private static final int DATA = 0;

	private static final int HEADERS = 1;

	private static final int RST_STREAM = 3;

	private static final int SETTINGS = 4;

	private static final int GOAWAY = 7;

	private static final int WINDOW_UPDATE = 8;

	private static final int END_STREAM = 0x1;

	private static final int ACK = 0x1;

	private static final int END_HEADERS = 0x4;

	private static final byte[] CANCEL = { 0, 0, 0, 8 };

	private static final byte[] NOTHING = new byte[0];

	/** The initial window of each stream, and how much of it: 1 GiB. */
	private static final byte[] WIDE = { 0, 4, 0x40, 0, 0, 0 };

	private static final byte[] WIDER = { 0x3F, (byte) 0xFF, 0, 0 };

	private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

	private final DataInputStream input;

	private int stream = -1;

	/** What is to be sent at once, if something is. */
	private @Nullable ByteArrayOutputStream batch;

	/**
	 * Connect to a server on this machine.
	 * @param port its port
	 */
	public Http2Client(int port) {
		super(port);
		try {
			this.input = new DataInputStream(new BufferedInputStream(socket().getInputStream()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
		frame(SETTINGS, 0, 0, WIDE);
		frame(WINDOW_UPDATE, 0, 0, WIDER);
	}

	@Override
	public Answer send(String method, String path, String... headers) {
		Answer answer = sendNext(method, path, headers);
		Answer next = sendNext("GET", ALIVE);
		if (!next.text().equals("200 alive")) {
			throw new AssertionError("The connection is out of order, the next answer is " + next);
		}
		return answer;
	}

	@Override
	public Answer sendNext(String method, String path, String... headers) {
		head(method, path, true, headers);
		Answer answer;
		try {
			answer = answer();
		}
		catch (UncheckedIOException ex) {
			throw new AssertionError("No answer to " + method + " " + path + " on stream " + this.stream, ex);
		}
		if (!answer.complete()) {
			throw new AssertionError("No whole answer to " + method + " " + path + ", but " + answer);
		}
		return answer;
	}

	@Override
	public void head(String method, String path, boolean end, String... headers) {
		this.stream += 2;
		Http2Headers fields = new DefaultHttp2Headers().method(method).scheme("http").authority("test").path(path);
		for (String header : headers) {
			String[] field = header.split(": ?", 2);
			fields.add(field[0].toLowerCase(Locale.ROOT), field[1]);
		}
		ByteBuf encoded = Unpooled.buffer();
		try {
			new DefaultHttp2HeadersEncoder().encodeHeaders(this.stream, fields, encoded);
		}
		catch (Http2Exception ex) {
			throw new IllegalArgumentException(ex);
		}
		byte[] bytes = new byte[encoded.readableBytes()];
		encoded.readBytes(bytes);
		frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), this.stream, bytes);
	}

	/**
	 * Open streams and reset them, with one write.
	 * @param path the path
	 * @param streams how many
	 */
	public void openAndReset(String path, int streams) {
		this.batch = new ByteArrayOutputStream();
		int first = this.stream + 2;
		for (int i = 0; i < streams; i++) {
			head("GET", path, true);
		}
		for (int reset = first; reset <= this.stream; reset += 2) {
			frame(RST_STREAM, 0, reset, CANCEL);
		}
		byte[] bytes = this.batch.toByteArray();
		this.batch = null;
		write(bytes);
	}

	@Override
	public void body(String part, boolean end) {
		frame(DATA, end ? END_STREAM : 0, this.stream, part.getBytes(StandardCharsets.ISO_8859_1));
	}

	@Override
	public void leave(Leaving how) {
		if (how == Leaving.RST_STREAM) {
			frame(RST_STREAM, 0, this.stream, CANCEL);
		}
		else {
			super.leave(how);
		}
	}

	@Override
	Answer read() throws IOException {
		int status = 0;
		HttpHeaders headers = new HttpHeaders();
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		while (true) {
			int type;
			int flags;
			int on;
			byte[] payload;
			try {
				payload = new byte[(this.input.readUnsignedByte() << 16) | this.input.readUnsignedShort()];
				type = this.input.readUnsignedByte();
				flags = this.input.readUnsignedByte();
				on = this.input.readInt();
				this.input.readFully(payload);
			}
			catch (EOFException | SocketException ex) {
				return new Answer(status, headers, body.toString(StandardCharsets.UTF_8), false);
			}
			if (type == SETTINGS && (flags & ACK) == 0) {
				acknowledge();
			}
			else if (type == GOAWAY) {
				return new Answer(status, headers, body.toString(StandardCharsets.UTF_8), false);
			}
			else if (on != this.stream) {
				// Belongs to an earlier request, or to the connection
				continue;
			}
			else if (type == RST_STREAM) {
				return new Answer(status, headers, body.toString(StandardCharsets.UTF_8), false);
			}
			else if (type == HEADERS) {
				status = decode(payload, headers, status);
			}
			else if (type == DATA) {
				body.write(payload);
			}
			if ((type == HEADERS || type == DATA) && (flags & END_STREAM) != 0) {
				return new Answer(status, headers, body.toString(StandardCharsets.UTF_8), true);
			}
		}
	}

	private void acknowledge() {
		try {
			frame(SETTINGS, ACK, 0, NOTHING);
		}
		catch (UncheckedIOException ex) {
			// The server has closed the connection; what it has sent before is there
		}
	}

	private int decode(byte[] payload, HttpHeaders headers, int previous) {
		try {
			Http2Headers fields = this.decoder.decodeHeaders(this.stream, Unpooled.wrappedBuffer(payload));
			fields.forEach((field) -> {
				if (field.getKey().charAt(0) != ':') {
					headers.add(field.getKey().toString(), field.getValue().toString());
				}
			});
			return (fields.status() != null) ? Integer.parseInt(fields.status().toString()) : previous;
		}
		catch (Http2Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void frame(int type, int flags, int stream, byte[] payload) {
		byte[] frame = new byte[9 + payload.length];
		frame[0] = (byte) (payload.length >>> 16);
		frame[1] = (byte) (payload.length >>> 8);
		frame[2] = (byte) payload.length;
		frame[3] = (byte) type;
		frame[4] = (byte) flags;
		frame[6] = (byte) (stream >>> 16);
		frame[7] = (byte) (stream >>> 8);
		frame[8] = (byte) stream;
		System.arraycopy(payload, 0, frame, 9, payload.length);
		if (this.batch != null) {
			this.batch.writeBytes(frame);
		}
		else {
			write(frame);
		}
	}

}
