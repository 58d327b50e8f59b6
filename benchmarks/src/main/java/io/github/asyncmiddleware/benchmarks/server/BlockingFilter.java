package io.github.asyncmiddleware.benchmarks.server;

import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Waits as no filter should: the event loop serves no other request meanwhile.
 */
class BlockingFilter implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		Wait.blocking();
		return chain.filter(exchange);
	}

}
