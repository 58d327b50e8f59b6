package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;

import org.springframework.web.server.ServerWebExchange;

/**
 * {@link RequestHook0000} that may be at work while its neighbours are.
 */
@AsyncMiddleware(order = 1, concurrent = true)
class ConcurrentHook0000 {

	ConcurrentHook0000(String name, Instruments instruments) {
	}

	@OnRequest(blocking = false)
	void look(ServerWebExchange exchange) {
	}

}
