package io.github.asyncmiddleware.autoconfigure.slice;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.RequestHeader;

/**
 * Refuses requests without a key, which a service knows.
 */
@AsyncMiddleware(order = 10)
class Authentication {

	private final Keys keys;

	Authentication(Keys keys) {
		this.keys = keys;
	}

	@OnRequest
	Mono<ProblemDetail> authenticate(@RequestHeader(name = "X-Key", required = false) @Nullable String key) {
		return (key != null && this.keys.isKnown(key)) ? Mono.empty()
				: Mono.just(ProblemDetail.forStatus(HttpStatus.UNAUTHORIZED));
	}

}
