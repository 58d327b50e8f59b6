package io.github.asyncmiddleware.internal.response;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebExchangeDecorator;

/**
 * The exchange as the rest of the chain sees it after a middleware that can discard what
 * that does to the response.
 */
public final class AttemptExchange extends ServerWebExchangeDecorator {

	private final ResponseFace response;

	private AttemptExchange(ServerWebExchange delegate, ResponseFace response) {
		super(delegate);
		this.response = response;
	}

	/**
	 * Give an exchange another face of its response. However many middlewares do, an
	 * exchange is decorated once.
	 * @param exchange the exchange
	 * @param response the face
	 * @return the exchange with that
	 */
	public static AttemptExchange of(ServerWebExchange exchange, ResponseFace response) {
		return new AttemptExchange(
				(exchange instanceof AttemptExchange attempt) ? attempt.getDelegate() : exchange, response);
	}

	@Override
	public ServerHttpResponse getResponse() {
		return this.response;
	}

	@Override
	public boolean checkNotModified(Instant lastModified) {
		return checkNotModified(null, lastModified);
	}

	@Override
	public boolean checkNotModified(String etag) {
		return checkNotModified(etag, Instant.MIN);
	}

	@Override
	public boolean checkNotModified(@Nullable String etag, Instant lastModified) {
		return !this.response.isDiscarded() && super.checkNotModified(etag, lastModified);
	}

}
