package io.github.asyncmiddleware.sample.demo;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Is <strong>wrong</strong>, to show what happens: nothing waits for the rest of the
 * chain, so it does not run. WebFlux by itself answers such a request with an empty 200.
 */
@AsyncMiddleware(order = 1000, path = "/demo/missing-await")
class MissingAwait implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		chain.filter(exchange); // return chain.filter(exchange); would be right
		return Mono.empty();
	}

}
