package io.github.asyncmiddleware.wire;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.search.Search;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;
import org.springframework.web.server.WebFilter;

/**
 * Spring Security, which stands in front of the middlewares of the soak, observes every
 * request and lets it through.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebFluxSecurity
class SoakSecurity {

	/**
	 * Counts the requests that reach Spring Security, whose filter is the next one.
	 */
	@Bean
	@Order(-101)
	WebFilter securityReached(SoakApplication.Counts counts) {
		return (exchange, chain) -> {
			counts.secured.increment();
			return chain.filter(exchange);
		};
	}

	/**
	 * Lets everything through, and changes neither request nor response. Without
	 * sessions, since a hook would wait for the user of one, and a client that leaves
	 * meanwhile has entered a middleware that was not called.
	 */
	@Bean
	SecurityWebFilterChain permitAll(ServerHttpSecurity http) {
		return http.csrf(ServerHttpSecurity.CsrfSpec::disable)
			.headers(ServerHttpSecurity.HeaderSpec::disable)
			.logout(ServerHttpSecurity.LogoutSpec::disable)
			.requestCache(ServerHttpSecurity.RequestCacheSpec::disable)
			.securityContextRepository(NoOpServerSecurityContextRepository.getInstance())
			.authorizeExchange((exchange) -> exchange.anyExchange().permitAll())
			.build();
	}

	/**
	 * What Spring Security has recorded beyond one observation per request: of what is
	 * behind it, and of its own filters on the way in and on the way out.
	 */
	static Map<String, Long> differences(MeterRegistry registry, long requests) {
		Map<String, Long> differences = new LinkedHashMap<>();
		differences.put("spring.security.http.secured.requests - requests",
				count(registry.find("spring.security.http.secured.requests")) - requests);
		for (String section : List.of("before", "after")) {
			Search filters = registry.find("spring.security.filterchains")
				.tag("spring.security.reached.filter.section", section);
			differences.put("spring.security.filterchains " + section + " - requests", count(filters) - requests);
		}
		return differences;
	}

	private static long count(Search search) {
		return search.timers().stream().mapToLong(Timer::count).sum();
	}

}
