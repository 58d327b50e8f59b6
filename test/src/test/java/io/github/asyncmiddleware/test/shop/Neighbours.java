package io.github.asyncmiddleware.test.shop;

import java.time.Duration;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * Two middlewares that wait at the same time.
 */
interface Neighbours {

	@AsyncMiddleware(concurrent = true)
	class Flags {

		@OnRequest
		Mono<Void> load(ServerWebExchange exchange) {
			return Mono.delay(Duration.ofMillis(50)) // stands in for a call
				.doOnNext((flags) -> exchange.getAttributes().put("flags", flags))
				.then();
		}

	}

	@AsyncMiddleware(concurrent = true)
	class Quota {

		@OnRequest
		Mono<Void> check() {
			return Mono.delay(Duration.ofMillis(80)).then(); // stands in for a call
		}

	}

}
