package io.github.asyncmiddleware.benchmarks;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that measures its time to first byte with an observation, stopped before the
 * response commits.
 */
class ObservedFilter0000 implements WebFilter {

	private final String name;

	private final ObservationRegistry registry;

	ObservedFilter0000(String name, Instruments instruments) {
		this.name = name;
		this.registry = instruments.observations();
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		Observation observation = Observation.createNotStarted("filter.ttfb", this.registry)
			.lowCardinalityKeyValue("filter", this.name)
			.start();
		exchange.getResponse().beforeCommit(() -> stop(observation));
		return chain.filter(exchange);
	}

	private static Mono<Void> stop(Observation observation) {
		observation.stop();
		return Mono.empty();
	}

}
