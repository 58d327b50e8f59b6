package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Sets a header by the final status, in the last moment in which headers can be set.
 */
@AsyncMiddleware(after = RequestId.class)
class StatusHeader implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		ServerHttpResponse response = exchange.getResponse();
		response.beforeCommit(() -> Mono.fromRunnable(() -> stamp(response)));
		return chain.filter(exchange);
	}

	private void stamp(ServerHttpResponse response) {
		if (response.getStatusCode() == HttpStatus.OK) {
			response.getHeaders().set("X-Status", "OK");
		}
	}

}
