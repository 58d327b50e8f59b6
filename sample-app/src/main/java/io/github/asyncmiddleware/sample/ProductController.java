package io.github.asyncmiddleware.sample;

import java.time.Duration;

import io.github.asyncmiddleware.sample.upstream.Experiment;
import io.github.asyncmiddleware.sample.upstream.Flags;
import io.github.asyncmiddleware.sample.upstream.Price;
import io.github.asyncmiddleware.sample.upstream.Recommendations;
import io.github.asyncmiddleware.sample.upstream.Reviews;
import io.github.asyncmiddleware.sample.upstream.Stock;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Answers with products, and with an error on demand.
 */
@RestController
class ProductController {

	private static final int LAST_PRODUCT = 99;

	private static final int EVENTS = 5;

	private static final Duration EVENT_INTERVAL = Duration.ofMillis(200);

	private final UpstreamClient upstreams;

	ProductController(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	/**
	 * Waits for all services at once, so for as long as the slowest one takes.
	 */
	@GetMapping("/products/{id}")
	Mono<Product> product(@PathVariable int id, @RequestHeader("X-Tenant") String tenant,
			@RequestAttribute(required = false) @Nullable Flags flags,
			@RequestAttribute(required = false) @Nullable Experiment experiment) {
		checkExists(id);
		return Mono
			.zip(this.upstreams.get("price", id, Price.class), this.upstreams.get("stock", id, Stock.class),
					this.upstreams.get("reviews", id, Reviews.class),
					this.upstreams.get("recommendations", id, Recommendations.class))
			.map((parts) -> new Product(id, tenant, flags, experiment, parts.getT1(), parts.getT2(), parts.getT3(),
					parts.getT4()));
	}

	/**
	 * A stream: its time to first byte ends with the first event, not with the last.
	 */
	@GetMapping(path = "/products/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
	Flux<Stock> events(@PathVariable int id) {
		checkExists(id);
		Mono<Stock> stock = this.upstreams.get("stock", id, Stock.class);
		return Flux.concat(stock, stock.delaySubscription(EVENT_INTERVAL).repeat(EVENTS - 2));
	}

	@GetMapping("/fail")
	Mono<Void> fail() {
		return Mono.error(new IllegalStateException("This page always fails"));
	}

	private static void checkExists(int id) {
		if (id < 1 || id > LAST_PRODUCT) {
			throw new ResponseStatusException(HttpStatus.NOT_FOUND);
		}
	}

}
