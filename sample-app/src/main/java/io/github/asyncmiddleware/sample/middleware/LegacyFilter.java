package io.github.asyncmiddleware.sample.middleware;

import reactor.core.publisher.Mono;

import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Is a filter without the annotation, as any library may bring one: it keeps its place
 * among the others and its time counts as the application's.
 */
@Component
@Order(-10)
class LegacyFilter implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().getHeaders().set("X-Legacy", "true");
		return chain.filter(exchange);
	}

}
