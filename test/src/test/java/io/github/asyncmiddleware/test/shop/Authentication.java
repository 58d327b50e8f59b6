package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.cors.reactive.CorsUtils;
import org.springframework.web.server.ServerWebExchange;

/**
 * Lets users in whose token is valid.
 */
@AsyncMiddleware(order = MiddlewareOrder.BEFORE_SECURITY, path = "/orders/**", timeout = "500ms")
class Authentication {

	private final Tokens tokens;

	Authentication(Tokens tokens) {
		this.tokens = tokens;
	}

	@OnRequest
	Mono<ResponseEntity<Void>> check(ServerWebExchange exchange) {
		return Mono.justOrEmpty(exchange.getRequest().getHeaders().getFirst(HttpHeaders.AUTHORIZATION))
			.flatMap(this.tokens::userOf)
			.doOnNext((user) -> exchange.getAttributes().put("user", user))
			.hasElement()
			.map((known) -> known || CorsUtils.isPreFlightRequest(exchange.getRequest()))
			.flatMap((allowed) -> allowed ? Mono.empty() : Mono.just(unauthorized()));
	}

	private static ResponseEntity<Void> unauthorized() {
		return ResponseEntity.status(HttpStatus.UNAUTHORIZED).header(HttpHeaders.WWW_AUTHENTICATE, "Bearer").build();
	}

}
