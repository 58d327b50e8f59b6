package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;

/**
 * Declares a middleware without a class of its own: a lambda on a {@code @Bean} method.
 */
@Configuration(proxyBeanMethods = false)
class MiddlewareConfiguration {

	@Bean
	@AsyncMiddleware(order = MiddlewareOrder.LAST)
	WebFilter servedBy() {
		return (exchange, chain) -> {
			exchange.getResponse().getHeaders().set("X-Served-By", "sample");
			return chain.filter(exchange);
		};
	}

}
