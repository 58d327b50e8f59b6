package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * {@link MonoHook0000} that may be at work while its neighbours are.
 */
@AsyncMiddleware(order = 1, concurrent = true)
class ConcurrentMonoHook0000 {

	ConcurrentMonoHook0000(String name, Instruments instruments) {
	}

	@OnRequest
	Mono<Void> look(ServerWebExchange exchange) {
		return Mono.defer(Mono::empty);
	}

}
