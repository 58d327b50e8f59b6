package io.github.asyncmiddleware.test;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Tells BlockHound, where it is installed, that the thread of a {@link MiddlewareTester}
 * may wait for its next task. For BlockHound, which finds it by itself.
 */
public final class EventLoopIntegration implements BlockHoundIntegration {

	/**
	 * Create the integration. Called by the service loader.
	 */
	public EventLoopIntegration() {
	}

	@Override
	public void applyTo(BlockHound.Builder builder) {
		// A worker that must not wait dies, and the executor starts the next one
		builder.allowBlockingCallsInside("java.util.concurrent.ThreadPoolExecutor", "getTask");
	}

}
