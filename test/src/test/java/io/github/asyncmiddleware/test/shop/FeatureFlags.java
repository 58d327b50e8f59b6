package io.github.asyncmiddleware.test.shop;

import java.util.function.Supplier;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * Loads feature flags, without which a request can go on.
 */
@AsyncMiddleware(timeout = "200ms", onFailure = OnFailure.SKIP)
class FeatureFlags {

	private final Supplier<Mono<String>> client;

	FeatureFlags(Supplier<Mono<String>> client) {
		this.client = client;
	}

	@OnRequest
	Mono<Void> load(ServerWebExchange exchange) {
		return this.client.get().doOnNext((flags) -> exchange.getAttributes().put("flags", flags)).then();
	}

}
