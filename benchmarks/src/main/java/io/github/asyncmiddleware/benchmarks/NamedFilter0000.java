package io.github.asyncmiddleware.benchmarks;

import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that passes on and has a constant name. The chain of Spring asks each filter
 * for its name on each request; {@link Object#toString()} makes a new one every time.
 */
class NamedFilter0000 implements WebFilter {

	private final String name;

	NamedFilter0000(String name, Instruments instruments) {
		this.name = name;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return chain.filter(exchange);
	}

	@Override
	public String toString() {
		return this.name;
	}

}
