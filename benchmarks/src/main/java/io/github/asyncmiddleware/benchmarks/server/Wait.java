package io.github.asyncmiddleware.benchmarks.server;

import java.time.Duration;

import reactor.core.publisher.Mono;

/**
 * What each middleware waits for: another service, which answers after a fixed time.
 */
final class Wait {

	/**
	 * How long it takes.
	 */
	static final Duration TIME = Duration.ofMillis(50);

	private Wait() {
	}

	static Mono<Void> async() {
		return Mono.delay(TIME).then();
	}

	static void blocking() {
		try {
			Thread.sleep(TIME.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
