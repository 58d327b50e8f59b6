package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnResponse;

import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * A middleware that looks at the head of the response and leaves it as it is.
 */
@AsyncMiddleware(order = 1)
class ResponseHook0000 {

	ResponseHook0000(String name, Instruments instruments) {
	}

	@OnResponse
	void look(ServerHttpResponse response) {
	}

}
