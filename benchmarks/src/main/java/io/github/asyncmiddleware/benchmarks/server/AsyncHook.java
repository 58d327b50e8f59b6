package io.github.asyncmiddleware.benchmarks.server;

import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

/**
 * Waits in a hook that is asynchronous.
 */
class AsyncHook {

	@OnRequest
	Mono<Void> await() {
		return Wait.async();
	}

}
