package io.github.asyncmiddleware.sample.upstream;

import java.time.Duration;

import reactor.core.publisher.Mono;

import org.springframework.stereotype.Component;

/**
 * Decides when a service answers.
 */
@Component
public class UpstreamDelay {

	private final UpstreamProperties properties;

	UpstreamDelay(UpstreamProperties properties) {
		this.properties = properties;
	}

	/**
	 * What a service waits for before it answers a request.
	 * @param service the name of the service
	 * @return completes when it is time to answer
	 */
	public Mono<Void> of(String service) {
		return Mono.delay(this.properties.delay().getOrDefault(service, Duration.ZERO)).then();
	}

}
