package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Puts a header into the Reactor context.
 */
@AsyncMiddleware(order = MiddlewareOrder.FIRST)
class RequestIds implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		String id = exchange.getRequest().getHeaders().getFirst("X-Request-Id");
		return chain.filter(exchange).contextWrite((context) -> (id != null) ? context.put("requestId", id) : context);
	}

}
