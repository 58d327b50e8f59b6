package io.github.asyncmiddleware.benchmarks.server;

import io.github.asyncmiddleware.OnRequest;

/**
 * Waits in a hook that blocks, as plain code does.
 */
class BlockingHook {

	@OnRequest
	void await() {
		Wait.blocking();
	}

}
