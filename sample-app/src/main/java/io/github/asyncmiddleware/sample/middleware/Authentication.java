package io.github.asyncmiddleware.sample.middleware;

import java.util.Optional;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.sample.upstream.Customer;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Waits for another service before it lets a request through, and holds no thread while
 * it waits.
 */
@AsyncMiddleware(order = MiddlewareOrder.AFTER_SECURITY, path = "/products/**")
class Authentication implements WebFilter {

	/** The attribute of the exchange that holds the {@link Customer}. */
	static final String CUSTOMER = Customer.class.getName();

	private final UpstreamClient upstreams;

	Authentication(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		String key = exchange.getRequest().getHeaders().getFirst("X-Api-Key");
		return this.upstreams.customer((key != null) ? key : "guest")
			.flatMap((customer) -> decide(customer, exchange, chain));
	}

	// Decides by a value: an empty Mono would not do, since the chain's is always empty
	private Mono<Void> decide(Optional<Customer> customer, ServerWebExchange exchange, WebFilterChain chain) {
		if (customer.isPresent()) {
			exchange.getAttributes().put(CUSTOMER, customer.get());
			return chain.filter(exchange);
		}
		exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
		return exchange.getResponse().setComplete();
	}

}
