package io.github.asyncmiddleware.test.shop;

import java.time.Duration;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

@AsyncMiddleware(path = "/products/**")
class Audit {

	@OnRequest
	Mono<Void> write() {
		return Mono.delay(Duration.ofMillis(50)).then(); // stands in for a call
	}

}
