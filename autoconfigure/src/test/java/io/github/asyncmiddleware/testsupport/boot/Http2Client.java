package io.github.asyncmiddleware.testsupport.boot;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A client that speaks HTTP/2 on one stream, frame by frame.
 */
final class Http2Client extends Client {

	private static final int STREAM = 1;

	private static final int DATA = 0;

	private static final int HEADERS = 1;

	private static final int RST_STREAM = 3;

	private static final int SETTINGS = 4;

	private static final int END_STREAM = 0x1;

	private static final int ACK = 0x1;

	private static final int END_HEADERS = 0x4;

	private static final byte[] NOTHING = new byte[0];

	private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

	Http2Client(int port) {
		super(port);
		write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
		frame(SETTINGS, 0, 0, NOTHING);
	}

	@Override
	public void head(String method, String path, boolean end, String... headers) {
		Http2Headers fields = new DefaultHttp2Headers().method(method).scheme("http").authority("test").path(path);
		for (String header : headers) {
			String[] field = header.split(": ?", 2);
			fields.add(field[0].toLowerCase(Locale.ROOT), field[1]);
		}
		ByteBuf encoded = Unpooled.buffer();
		try {
			new DefaultHttp2HeadersEncoder().encodeHeaders(STREAM, fields, encoded);
		}
		catch (Http2Exception ex) {
			throw new IllegalArgumentException(ex);
		}
		byte[] bytes = new byte[encoded.readableBytes()];
		encoded.readBytes(bytes);
		frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), STREAM, bytes);
	}

	@Override
	public void body(String part, boolean end) {
		frame(DATA, end ? END_STREAM : 0, STREAM, part.getBytes(StandardCharsets.ISO_8859_1));
	}

	@Override
	public void leave(Leaving how) {
		if (how == Leaving.RST_STREAM) {
			frame(RST_STREAM, 0, STREAM, new byte[] { 0, 0, 0, 8 });
		}
		else {
			super.leave(how);
		}
	}

	@Override
	Answer read() throws IOException {
		int status = 0;
		Map<String, String> headers = new LinkedHashMap<>();
		StringBuilder body = new StringBuilder();
		DataInputStream input = new DataInputStream(socket().getInputStream());
		while (true) {
			int type;
			int flags;
			byte[] payload;
			try {
				payload = new byte[(input.readUnsignedByte() << 16) | input.readUnsignedShort()];
				type = input.readUnsignedByte();
				flags = input.readUnsignedByte();
				input.readInt();
				input.readFully(payload);
			}
			catch (EOFException | SocketException ex) {
				return new Answer(status, headers, body.toString(), false);
			}
			if (type == SETTINGS && (flags & ACK) == 0) {
				frame(SETTINGS, ACK, 0, NOTHING);
			}
			else if (type == RST_STREAM) {
				return new Answer(status, headers, body.toString(), false);
			}
			else if (type == HEADERS) {
				status = decode(payload, headers, status);
			}
			else if (type == DATA) {
				body.append(new String(payload, StandardCharsets.ISO_8859_1));
			}
			if ((type == HEADERS || type == DATA) && (flags & END_STREAM) != 0) {
				return new Answer(status, headers, body.toString(), true);
			}
		}
	}

	private int decode(byte[] payload, Map<String, String> headers, int previous) {
		try {
			Http2Headers fields = this.decoder.decodeHeaders(STREAM, Unpooled.wrappedBuffer(payload));
			fields.forEach((field) -> headers.put(field.getKey().toString(), field.getValue().toString()));
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
		frame[8] = (byte) stream;
		System.arraycopy(payload, 0, frame, 9, payload.length);
		write(frame);
	}

}
