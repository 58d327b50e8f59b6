package io.github.asyncmiddleware.autoconfigure.library;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A middleware that nothing can extend, outside of what the application scans.
 */
@AsyncMiddleware(order = 40)
public final class FinalMiddleware implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().getHeaders().add("X-Ran", "finalClass");
		return chain.filter(exchange);
	}

}
