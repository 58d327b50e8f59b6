package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.Flags;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import reactor.core.publisher.Mono;

import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.server.ServerWebExchange;

/**
 * Asks for the flags while {@link Experiments} asks for something else. A page without
 * flags is better than none, and than a late one, so a failure is skipped: ask for a set
 * that does not exist, or for one that takes too long, to see it.
 */
@AsyncMiddleware(path = "/products/**", concurrent = true, timeout = "500ms", onFailure = OnFailure.SKIP)
class FeatureFlags {

	private final UpstreamClient upstreams;

	FeatureFlags(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	@OnRequest
	Mono<Void> load(@RequestHeader(name = "X-Demo-Flags", defaultValue = "live") String set,
			ServerWebExchange exchange) {
		return this.upstreams.get("flags", set, Flags.class)
			.doOnNext((flags) -> exchange.getAttributes().put("flags", flags))
			.then();
	}

}
