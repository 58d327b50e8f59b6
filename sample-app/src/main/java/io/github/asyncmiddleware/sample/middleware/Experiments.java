package io.github.asyncmiddleware.sample.middleware;

import java.util.concurrent.CompletionStage;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.Experiment;
import io.github.asyncmiddleware.sample.upstream.UpstreamClient;

import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.server.ServerWebExchange;

/**
 * Asks which variant of an experiment to show, at the same time as {@link FeatureFlags}.
 * A failure fails the request: ask for an experiment that does not exist to see it.
 */
@AsyncMiddleware(path = "/products/**", concurrent = true)
class Experiments {

	private final UpstreamClient upstreams;

	Experiments(UpstreamClient upstreams) {
		this.upstreams = upstreams;
	}

	@OnRequest
	CompletionStage<Void> load(@RequestHeader(name = "X-Demo-Experiment", defaultValue = "checkout") String name,
			ServerWebExchange exchange) {
		return this.upstreams.get("experiments", name, Experiment.class)
			.toFuture()
			.thenAccept((experiment) -> exchange.getAttributes().put("experiment", experiment));
	}

}
