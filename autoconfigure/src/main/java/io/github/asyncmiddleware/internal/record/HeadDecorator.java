package io.github.asyncmiddleware.internal.record;

import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * May add to the head of a response what is only known when all others are done with it.
 */
@FunctionalInterface
public interface HeadDecorator {

	/**
	 * Leaves every head as it is.
	 */
	HeadDecorator NONE = (request, status, response) -> {
	};

	/**
	 * Called at most once per request, when commit actions and response hooks have run
	 * and the head is about to be handed to the server. Called on the thread that the
	 * response is on, which must not be blocked. What it throws is logged once and
	 * otherwise ignored.
	 * @param request the request, whose own times can be had after a call of
	 * {@link RequestRecord#ttfbSoFar()}
	 * @param status the status that the client gets, 101 for a WebSocket
	 * @param response the response, whose headers can still be changed
	 */
	void beforeHead(RequestRecord request, int status, ServerHttpResponse response);

}
