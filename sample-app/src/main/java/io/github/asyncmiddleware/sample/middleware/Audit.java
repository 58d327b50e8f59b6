package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Is the slow one: nobody wants to wait for an audit log, and the own time of this
 * middleware shows that everybody does.
 */
@AsyncMiddleware
class Audit implements WebFilter {

	private final UpstreamClient upstreams;

	Audit(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		String line = exchange.getRequest().getMethod() + " " + exchange.getRequest().getPath();
		return this.upstreams.audit(line).then(chain.filter(exchange));
	}

}
