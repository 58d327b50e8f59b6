package io.github.asyncmiddleware.benchmarks;

import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.Timer;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * A filter that measures its time to first byte as one would by hand: with a timer that
 * is registered once, recorded before the response commits.
 */
class TimedFilter0000 implements WebFilter {

	private final Timer timer;

	TimedFilter0000(String name, Instruments instruments) {
		this.timer = instruments.meters().timer("filter.ttfb", "filter", name);
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		long start = System.nanoTime();
		exchange.getResponse().beforeCommit(() -> record(start));
		return chain.filter(exchange);
	}

	private Mono<Void> record(long start) {
		this.timer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
		return Mono.empty();
	}

}
