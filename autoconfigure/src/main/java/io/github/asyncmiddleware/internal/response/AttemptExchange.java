package io.github.asyncmiddleware.internal.response;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebExchangeDecorator;

/**
 * The exchange of a part of the chain whose attempt to answer can be discarded: it has a
 * face of its own of the response, and remembers the head before that.
 */
public final class AttemptExchange extends ServerWebExchangeDecorator {

	private final ResponseFace response;

	private final ResponseHead head;

	private AttemptExchange(ServerWebExchange delegate, ResponseFace response, ResponseHead head) {
		super(delegate);
		this.response = response;
		this.head = head;
	}

	/**
	 * Begin an attempt. However many there are, an exchange is decorated once.
	 * @param exchange the exchange as it is outside of the attempt
	 * @param request the request
	 * @return the exchange for the part of the chain that makes the attempt
	 */
	public static AttemptExchange begin(ServerWebExchange exchange, CommitListener request) {
		ResponseFace outer = ResponseFace.of(exchange.getResponse(), request);
		return of(exchange, outer.inner(), outer.commit().head());
	}

	/**
	 * Give an exchange another face of its response.
	 * @param exchange the exchange
	 * @param response the face
	 * @return the exchange with that
	 */
	public static AttemptExchange of(ServerWebExchange exchange, ResponseFace response) {
		return of(exchange, response, response.commit().head());
	}

	private static AttemptExchange of(ServerWebExchange exchange, ResponseFace response, ResponseHead head) {
		return new AttemptExchange((exchange instanceof AttemptExchange attempt) ? attempt.getDelegate() : exchange,
				response, head);
	}

	/**
	 * Undo what the attempt has done to the response, unless that was shown to a
	 * middleware further out, or is sent.
	 */
	public void discard() {
		ResponseFace outer = this.response.outer();
		outer.commit().discardUnshown(outer, this.head);
	}

	/**
	 * The exchange outside of the attempt.
	 * @return the exchange with the face of the response that it had
	 */
	public ServerWebExchange outside() {
		return of(getDelegate(), this.response.outer(), this.head);
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
