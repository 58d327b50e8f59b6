package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;

import org.springframework.web.server.ServerWebExchange;

/**
 * A middleware that looks at the request and lets it go on.
 */
@AsyncMiddleware(order = 1)
class RequestHook0000 {

	RequestHook0000(String name, Instruments instruments) {
	}

	@OnRequest(blocking = false)
	void look(ServerWebExchange exchange) {
	}

}
