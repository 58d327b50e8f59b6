package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.response.ResponseHead;

import org.springframework.web.server.ServerWebExchange;

/**
 * What the rest of the chain is about to do to the response, from the side of the
 * middleware that hands over and can discard it.
 *
 * @param face the face of the response that the middleware sees
 * @param head the head at that moment
 */
record Attempt(ResponseFace face, ResponseHead head) {

	/**
	 * Begin an attempt.
	 * @param exchange the exchange that the middleware hands on
	 * @param run the request
	 */
	static Attempt begin(ServerWebExchange exchange, RequestRun run) {
		ResponseFace face = ResponseFace.of(exchange.getResponse(), run);
		return new Attempt(face, face.commit().head());
	}

	/**
	 * The exchange for the rest of the chain.
	 * @param exchange the exchange that the middleware hands on
	 */
	ServerWebExchange exchange(ServerWebExchange exchange) {
		return AttemptExchange.of(exchange, this.face.inner());
	}

	/**
	 * Discard the attempt, unless its response was shown to a middleware further out, or
	 * is sent.
	 */
	void discard() {
		this.face.commit().discardUnshown(this.face, this.head);
	}

}
