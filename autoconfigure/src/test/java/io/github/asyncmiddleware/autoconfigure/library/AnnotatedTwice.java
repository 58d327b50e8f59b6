package io.github.asyncmiddleware.autoconfigure.library;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A middleware whose annotation is meant to lose against that of a bean method.
 */
@AsyncMiddleware(order = 5, method = "POST")
public class AnnotatedTwice implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().getHeaders().add("X-Ran", "annotatedTwice");
		return chain.filter(exchange);
	}

}
