package io.github.asyncmiddleware.benchmarks;

import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that only passes on: what is left is the price of being one.
 */
class BareFilter0000 implements WebFilter {

	BareFilter0000(String name, Instruments instruments) {
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return chain.filter(exchange);
	}

}
