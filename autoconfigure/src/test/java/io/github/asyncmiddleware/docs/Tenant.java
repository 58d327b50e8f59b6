package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;

import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Changes the request.
 */
@AsyncMiddleware
class Tenant {

	@OnRequest(blocking = false)
	ServerHttpRequest choose(ServerHttpRequest request) {
		return request.mutate().header("X-Tenant", "acme").build();
	}

}
