package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.Customer;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.RequestAttribute;

/**
 * Changes the request that the rest of the chain sees: the tenant is who the key says,
 * not who the client says.
 */
@AsyncMiddleware(after = Authentication.class, path = "/products/**")
class Tenant {

	// Nothing in it takes long, so it need not move to another thread
	@OnRequest(blocking = false)
	ServerHttpRequest set(ServerHttpRequest request, @RequestAttribute(Authentication.CUSTOMER) Customer customer) {
		return request.mutate().headers((headers) -> headers.set("X-Tenant", customer.tenant())).build();
	}

}
