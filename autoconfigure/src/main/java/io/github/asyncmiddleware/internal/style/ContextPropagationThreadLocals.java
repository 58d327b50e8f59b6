package io.github.asyncmiddleware.internal.style;

import java.util.Objects;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Carries the thread-locals that are registered with the optional context-propagation
 * library. The only class here that may name it.
 */
final class ContextPropagationThreadLocals implements ThreadLocals {

	private static final ThreadLocalAccessor<?>[] NONE = {};

	/**
	 * Clears what is missing, so that work neither sees what another request has left on
	 * its thread nor leaves anything itself.
	 */
	private final ContextSnapshotFactory elsewhere = ContextSnapshotFactory.builder().clearMissing(true).build();

	private final ContextRegistry registry = ContextRegistry.getInstance();

	@Override
	public Snapshot capture(ContextView context) {
		ContextSnapshot snapshot = this.elsewhere.captureAll(context);
		return () -> snapshot.setThreadLocals()::close;
	}

	@Override
	public Scope set(ContextView context) {
		// A copy, since it is the list of the registry, which another thread may change
		ThreadLocalAccessor<?>[] accessors = this.registry.getThreadLocalAccessors().toArray(NONE);
		Restored scope = new Restored(accessors);
		try {
			for (ThreadLocalAccessor<?> accessor : accessors) {
				scope.set(accessor, context);
			}
		}
		catch (Throwable ex) {
			scope.close();
			throw ex;
		}
		return scope;
	}

	/**
	 * What thread-locals have held before. In contrast to a scope of the library, it also
	 * restores what it has not set itself: the work may have.
	 */
	private static final class Restored implements Scope {

		private final ThreadLocalAccessor<?>[] accessors;

		/** For each of them what it held before, and what it was set to, if it was. */
		private final @Nullable Object[] values;

		/** How many of them were looked at. */
		private int size;

		Restored(ThreadLocalAccessor<?>[] accessors) {
			this.accessors = accessors;
			this.values = new @Nullable Object[2 * accessors.length];
		}

		<V> void set(ThreadLocalAccessor<V> accessor, ContextView context) {
			V value = context.getOrDefault(accessor.key(), null);
			this.values[2 * this.size] = accessor.getValue();
			this.values[2 * this.size + 1] = value;
			this.size++;
			if (value != null) {
				accessor.setValue(value);
			}
		}

		@Override
		public void close() {
			Throwable failure = null;
			while (this.size > 0) {
				this.size--;
				try {
					restore(this.accessors[this.size], this.values[2 * this.size],
							this.values[2 * this.size + 1] != null);
				}
				catch (RuntimeException | Error ex) {
					failure = ex;
				}
			}
			if (failure instanceof Error error) {
				throw error;
			}
			if (failure != null) {
				throw (RuntimeException) failure;
			}
		}

		@SuppressWarnings("unchecked")
		private static <V> void restore(ThreadLocalAccessor<V> accessor, @Nullable Object before, boolean set) {
			if (!set && Objects.equals(accessor.getValue(), before)) {
				return;
			}
			if (before != null) {
				accessor.restore((V) before);
			}
			else {
				accessor.restore();
			}
		}

	}

}
