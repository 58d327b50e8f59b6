package io.github.asyncmiddleware.ecosystem.devtools;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;

import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * A middleware that is there from the beginning.
 */
@AsyncMiddleware
class First {

	@OnRequest
	void block() {
	}

	@OnResponse
	void stamp(ServerHttpResponse response) {
		response.getHeaders().add("X-First", "here");
	}

}
