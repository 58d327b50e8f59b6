package io.github.asyncmiddleware.benchmarks;

import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that calls the rest of the chain late and looks at its errors.
 */
class DeferFilter0000 implements WebFilter {

	DeferFilter0000(String name, Instruments instruments) {
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return Mono.defer(() -> chain.filter(exchange)).onErrorResume(Mono::error);
	}

}
