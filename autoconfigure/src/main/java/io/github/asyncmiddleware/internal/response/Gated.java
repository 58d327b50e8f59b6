package io.github.asyncmiddleware.internal.response;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * A face of a response whose writers have to pass its commit.
 */
public interface Gated {

	/**
	 * The commit of this response.
	 * @return always the same object
	 */
	ResponseCommit commit();

	/**
	 * Make sure that the writers of a response have to pass a commit.
	 * @param exchange the exchange
	 * @param request the request
	 * @return the same exchange, or one whose response is {@link Gated}
	 */
	static ServerWebExchange open(ServerWebExchange exchange, CommitListener request) {
		ServerHttpResponse response = exchange.getResponse();
		return (response instanceof Gated) ? exchange
				: exchange.mutate().response(GatedResponse.of(response, request)).build();
	}

	/**
	 * The commit of a response.
	 * @param exchange an exchange from {@link #open}
	 * @return its commit
	 */
	static ResponseCommit commitOf(ServerWebExchange exchange) {
		if (exchange.getResponse() instanceof Gated gated) {
			return gated.commit();
		}
		throw new IllegalArgumentException("The writers of the response pass no commit");
	}

}
