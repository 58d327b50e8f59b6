package io.github.asyncmiddleware.internal.style;

import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import reactor.util.context.ContextView;

/**
 * Carries the thread-locals that are registered with the optional context-propagation
 * library. The only class here that may name it.
 */
final class ContextPropagationThreadLocals implements ThreadLocals {

	/**
	 * Clears what is missing, so that work neither sees what another request has left on
	 * its thread nor leaves anything itself.
	 */
	private final ContextSnapshotFactory elsewhere = ContextSnapshotFactory.builder().clearMissing(true).build();

	private final ContextSnapshotFactory here = ContextSnapshotFactory.builder().build();

	@Override
	public Snapshot capture(ContextView context) {
		ContextSnapshot snapshot = this.elsewhere.captureAll(context);
		return () -> snapshot.setThreadLocals()::close;
	}

	@Override
	public Scope set(ContextView context) {
		return this.here.setThreadLocalsFrom(context)::close;
	}

}
