package io.github.asyncmiddleware.documentation;

import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.web.server.WebFilter;

/**
 * The code of {@code docs/foreign-filters.md}.
 */
class ForeignFiltersPage {

	@Bean
	@Order(10)
	WebFilter tenant(TenantService tenants) {
		return (exchange, chain) -> tenants.find(exchange.getRequest().getHeaders().getFirst("X-Tenant"))
			.doOnNext((tenant) -> exchange.getAttributes().put("tenant", tenant))
			.then(chain.filter(exchange));
	}

	/**
	 * Finds tenants.
	 */
	interface TenantService {

		Mono<String> find(String name);

	}

}
