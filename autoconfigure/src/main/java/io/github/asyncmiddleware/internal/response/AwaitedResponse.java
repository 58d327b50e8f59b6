package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatusCode;
import org.springframework.util.Assert;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * What all middlewares share that await one response: its status, and the request that it
 * answers.
 */
public final class AwaitedResponse {

	private final ResponseCommit commit;

	/**
	 * The request that is shared, which knows the exchange that it is made of. What it
	 * has is final, so it is whole on each thread that sees it; one that sees an earlier
	 * one makes another.
	 */
	private @Nullable ServerRequest request;

	AwaitedResponse(ResponseCommit commit) {
		this.commit = commit;
	}

	/**
	 * The status that the head would have now.
	 * @return that of a handshake where an upgrade strategy is to answer
	 */
	public HttpStatusCode statusCode() {
		return this.commit.status().code();
	}

	/**
	 * The request that middlewares share which await its response.
	 * @param exchange the exchange as the first of them sees it
	 * @return what was kept for that exchange, or {@code null}
	 */
	public @Nullable ServerRequest request(ServerWebExchange exchange) {
		ServerRequest request = this.request;
		return (request != null && request.exchange() == exchange) ? request : null;
	}

	/**
	 * Keep a request for those further in that see the same exchange, or one that
	 * decorates it.
	 * @param request the request
	 * @param exchange the exchange that it is made of
	 */
	public void keep(ServerRequest request, ServerWebExchange exchange) {
		Assert.state(request.exchange() == exchange, "The request has another exchange");
		this.request = request;
	}

}
