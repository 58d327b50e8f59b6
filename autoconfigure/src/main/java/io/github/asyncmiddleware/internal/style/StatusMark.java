package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * Remembers the status of a response, to tell whether it is set later.
 *
 * @param response the response
 * @param step the part of the middleware, which tells even if the status is set to what
 * it was; {@code null} where there is none
 * @param touches what that has told
 * @param status the status
 */
record StatusMark(ServerHttpResponse response, @Nullable Step step, int touches, @Nullable HttpStatusCode status) {

	static StatusMark of(ServerWebExchange exchange, @Nullable Step step) {
		ServerHttpResponse response = exchange.getResponse();
		return (step != null) ? new StatusMark(response, step, step.statusTouches(), null)
				: new StatusMark(response, null, 0, response.getStatusCode());
	}

	/**
	 * Whether the status was set since, or the response written.
	 */
	boolean isTouched() {
		if (this.step != null) {
			return this.step.statusTouches() != this.touches;
		}
		return this.response.isCommitted() || this.response.getStatusCode() != this.status;
	}

}
