package io.github.asyncmiddleware.benchmarks;

import java.net.URI;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.SslInfo;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;

/**
 * A {@code GET} request with no server behind it. The mocks of spring-test do so much
 * more that the cost of a filter drowns in theirs.
 */
final class LeanRequest extends AbstractServerHttpRequest {

	private static final URI ADDRESS = URI.create("http://localhost/hello");

	private static final HttpHeaders NO_HEADERS = new HttpHeaders();

	LeanRequest() {
		super(HttpMethod.GET, ADDRESS, null, NO_HEADERS);
	}

	@Override
	protected MultiValueMap<String, HttpCookie> initCookies() {
		return new LinkedMultiValueMap<>(0);
	}

	@Override
	protected @Nullable SslInfo initSslInfo() {
		return null;
	}

	@Override
	public <T> T getNativeRequest() {
		throw new UnsupportedOperationException("There is no server");
	}

	@Override
	public Flux<DataBuffer> getBody() {
		return Flux.empty();
	}

}
