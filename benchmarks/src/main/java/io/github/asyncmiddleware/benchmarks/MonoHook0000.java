package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * A middleware with an asynchronous method that has nothing to wait for yet.
 */
@AsyncMiddleware(order = 1)
class MonoHook0000 {

	MonoHook0000(String name, Instruments instruments) {
	}

	@OnRequest
	Mono<Void> look(ServerWebExchange exchange) {
		return Mono.defer(Mono::empty);
	}

}
