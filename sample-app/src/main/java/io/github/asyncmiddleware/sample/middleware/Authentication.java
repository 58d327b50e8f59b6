package io.github.asyncmiddleware.sample.middleware;

import java.util.Optional;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.Customer;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.server.ServerWebExchange;

/**
 * Waits for another service, then decides: to go on, by returning nothing, or to answer.
 */
@AsyncMiddleware(order = MiddlewareOrder.AFTER_SECURITY, path = "/products/**")
class Authentication {

	/** The attribute of the exchange that holds the {@link Customer}. */
	static final String CUSTOMER = "customer";

	private static final ResponseEntity<Void> REFUSAL = ResponseEntity.status(HttpStatus.UNAUTHORIZED)
		.header(HttpHeaders.WWW_AUTHENTICATE, "ApiKey realm=\"products\", header=\"X-Api-Key\"")
		.build();

	private final UpstreamClient upstreams;

	Authentication(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	@OnRequest
	Mono<ResponseEntity<Void>> check(@RequestHeader(name = "X-Api-Key", defaultValue = "guest") String key,
			ServerWebExchange exchange) {
		return this.upstreams.customer(key).mapNotNull((customer) -> decide(customer, exchange));
	}

	private @Nullable ResponseEntity<Void> decide(Optional<Customer> customer, ServerWebExchange exchange) {
		customer.ifPresent((known) -> exchange.getAttributes().put(CUSTOMER, known));
		return customer.isPresent() ? null : REFUSAL;
	}

}
