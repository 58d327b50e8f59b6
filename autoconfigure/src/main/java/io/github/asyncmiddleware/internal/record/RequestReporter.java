package io.github.asyncmiddleware.internal.record;

import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * Is told of the head and the end of each request.
 */
public interface RequestReporter {

	/**
	 * The clock that requests are timed with.
	 * @return the clock
	 */
	Ticker ticker();

	/**
	 * A head is about to be committed.
	 * @param request the request
	 * @param status the status that the client gets
	 * @param response the response, whose headers can still be changed
	 */
	void beforeHead(RequestRecord request, int status, ServerHttpResponse response);

	/**
	 * A head was committed, and the end may be long in coming.
	 * @param request the request
	 */
	void onHead(RequestRecord request);

	/**
	 * The request has ended.
	 * @param request the request
	 * @param result how it ended
	 * @param withHead whether it has a head that {@link #onHead} was not called for
	 */
	void onEnd(RequestRecord request, RequestResult result, boolean withHead);

}
