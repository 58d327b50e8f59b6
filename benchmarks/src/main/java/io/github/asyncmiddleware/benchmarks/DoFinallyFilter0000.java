package io.github.asyncmiddleware.benchmarks;

import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that waits for the rest of the chain.
 */
class DoFinallyFilter0000 implements WebFilter {

	DoFinallyFilter0000(String name, Instruments instruments) {
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return chain.filter(exchange).doFinally((signal) -> {
		});
	}

}
