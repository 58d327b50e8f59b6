package io.github.asyncmiddleware.autoconfigure.discovery;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A middleware that component scanning finds. The annotation is all that makes it a bean.
 */
@AsyncMiddleware(value = "scanned", order = 10)
class ScannedMiddleware implements WebFilter {

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return DiscoveryApplication.pass("scanned", exchange, chain);
	}

}
