package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * Remembers the status of a response, to tell whether it is set later.
 *
 * @param response the response, which tells of a status that a foreign filter keeps back
 * @param step the part of the middleware, which tells even if the status is set to what
 * it was; {@code null} where there is none
 * @param touches what that has told
 * @param status the status
 * @param committed whether the response was committed before
 */
record StatusMark(ServerHttpResponse response, @Nullable Step step, int touches, @Nullable HttpStatusCode status,
		boolean committed) {

	static StatusMark of(ServerWebExchange exchange, @Nullable Step step) {
		ServerHttpResponse response = exchange.getResponse();
		return new StatusMark(response, step, (step != null) ? step.statusTouches() : 0, response.getStatusCode(),
				response.isCommitted());
	}

	/**
	 * Whether the status was set since, or the response written.
	 */
	boolean isTouched() {
		return (this.step != null && this.step.statusTouches() != this.touches)
				|| this.response.isCommitted() != this.committed || this.response.getStatusCode() != this.status;
	}

}
