package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.RequestHeader;

/**
 * Answers early if a service does not know the key.
 */
@AsyncMiddleware(order = MiddlewareOrder.AFTER_SECURITY)
class ApiKeys {

	private final KeyService keys;

	ApiKeys(KeyService keys) {
		this.keys = keys;
	}

	@OnRequest
	Mono<ProblemDetail> check(@RequestHeader(name = "X-Api-Key", defaultValue = "none") String key) {
		return this.keys.isKnown(key)
			.filter((known) -> !known)
			.map((unknown) -> ProblemDetail.forStatus(HttpStatus.UNAUTHORIZED));
	}

}
