package io.github.asyncmiddleware.test.start;

import java.time.Duration;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;

@AsyncMiddleware
class Quota {

	@OnRequest
	Mono<Void> check() {
		return Mono.delay(Duration.ofMillis(20)).then(); // stands in for a call
	}

	@OnResponse
	void stamp(HttpHeaders headers) {
		headers.set("X-Limited-By", "quota");
	}

}
