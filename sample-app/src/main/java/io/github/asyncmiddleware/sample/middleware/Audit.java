package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import reactor.core.publisher.Mono;

import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Is the slow one: no client wants to wait for an audit log, and the own time of this
 * middleware shows that each of them does. No thread does.
 */
@AsyncMiddleware
class Audit {

	private final UpstreamClient upstreams;

	Audit(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	@OnRequest
	Mono<Void> write(ServerHttpRequest request) {
		return this.upstreams.audit(request.getMethod() + " " + request.getPath());
	}

}
