package io.github.asyncmiddleware.internal.guard;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.micrometer.context.ContextSnapshotFactory;

/**
 * Sets the thread-locals of a request while a line about it is logged. The only class
 * here that may name the optional context-propagation library.
 */
final class GuardLogContext {

	private static final ContextSnapshotFactory SNAPSHOTS = ContextSnapshotFactory.builder().build();

	private GuardLogContext() {
	}

	/**
	 * Set what is in the context of a request.
	 * @param request the request
	 * @return what restores the thread
	 */
	static Runnable set(LoggedRequest request) {
		return SNAPSHOTS.setThreadLocalsFrom(request.context())::close;
	}

}
