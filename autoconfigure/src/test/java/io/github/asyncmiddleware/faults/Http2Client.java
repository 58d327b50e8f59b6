package io.github.asyncmiddleware.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

import io.netty.handler.codec.http.HttpMethod;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufMono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.resources.ConnectionProvider;

import org.springframework.http.HttpHeaders;

/**
 * Speaks HTTP/2 without TLS, on one connection.
 */
final class Http2Client implements Client {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final ConnectionProvider connections = ConnectionProvider.create("faults", 1);

	private final HttpClient client;

	Http2Client(int port) {
		this.client = HttpClient.create(this.connections).host("localhost").port(port).protocol(HttpProtocol.H2C);
	}

	@Override
	public Answer send(String method, String path, String... headers) {
		Answer answer = sendNext(method, path, headers);
		Answer next = sendNext("GET", FaultServer.ALIVE);
		if (!next.text().equals("200 alive")) {
			throw new AssertionError("The connection is out of order, the next answer is " + next);
		}
		return answer;
	}

	@Override
	public Answer sendNext(String method, String path, String... headers) {
		Mono<Answer> answer = this.client.headers((all) -> {
			for (String header : headers) {
				int colon = header.indexOf(':');
				all.add(header.substring(0, colon), header.substring(colon + 1).strip());
			}
		}).request(HttpMethod.valueOf(method)).uri(path).responseSingle(Http2Client::read);
		try {
			return answer.block(PATIENCE);
		}
		catch (RuntimeException ex) {
			throw new AssertionError("No whole answer to " + method + " " + path, ex);
		}
	}

	private static Mono<Answer> read(HttpClientResponse response, ByteBufMono body) {
		HttpHeaders headers = new HttpHeaders();
		for (Map.Entry<String, String> header : response.responseHeaders()) {
			headers.add(header.getKey(), header.getValue());
		}
		return body.asString(StandardCharsets.UTF_8)
			.defaultIfEmpty("")
			.map((text) -> new Answer(response.status().code(), headers, text));
	}

	@Override
	public void close() {
		this.connections.dispose();
	}

}
