package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Gives every request an id, and passes it on to all that runs later through the Reactor
 * context.
 */
@AsyncMiddleware(order = MiddlewareOrder.FIRST)
class RequestId implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		String id = exchange.getRequest().getId();
		exchange.getResponse().getHeaders().set(UpstreamClient.REQUEST_ID, id);
		return chain.filter(exchange).contextWrite((context) -> context.put(UpstreamClient.REQUEST_ID, id));
	}

}
