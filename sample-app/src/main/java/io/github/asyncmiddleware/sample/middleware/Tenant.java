package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.sample.upstream.Customer;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Changes the request that the rest of the chain sees: the tenant is who the key says,
 * not who the client says.
 */
@AsyncMiddleware(after = Authentication.class, path = "/products/**")
class Tenant implements WebFilter {

	private static final Customer NOBODY = new Customer("public");

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		Customer customer = exchange.getAttributeOrDefault(Authentication.CUSTOMER, NOBODY);
		return chain.filter(exchange.mutate()
			.request((request) -> request.headers((headers) -> headers.set("X-Tenant", customer.tenant())))
			.build());
	}

}
