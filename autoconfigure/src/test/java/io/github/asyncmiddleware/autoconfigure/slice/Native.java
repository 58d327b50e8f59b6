package io.github.asyncmiddleware.autoconfigure.slice;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that is a middleware.
 */
@AsyncMiddleware(order = 20)
class Native implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().getHeaders().add("X-Ran", "native");
		return chain.filter(exchange);
	}

}
