package io.github.asyncmiddleware.internal.style;

import java.util.List;
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
		List<ThreadLocalAccessor<?>> accessors = this.registry.getThreadLocalAccessors();
		Restored<?> scope = null;
		try {
			for (ThreadLocalAccessor<?> accessor : accessors) {
				scope = Restored.set(accessor, context, scope);
			}
		}
		catch (Throwable ex) {
			close(scope);
			throw ex;
		}
		return (scope != null) ? scope : NoThreadLocals.SCOPE;
	}

	private static void close(@Nullable Scope scope) {
		if (scope != null) {
			scope.close();
		}
	}

	/**
	 * One thread-local in place, and those that were set before it. In contrast to a
	 * scope of the library, it also restores what it has not set itself: the work may
	 * have.
	 *
	 * @param <V> the type of its value
	 */
	private static final class Restored<V> implements Scope {

		private final ThreadLocalAccessor<V> accessor;

		private final @Nullable V before;

		private final boolean set;

		private final @Nullable Scope next;

		private Restored(ThreadLocalAccessor<V> accessor, @Nullable V before, boolean set, @Nullable Scope next) {
			this.accessor = accessor;
			this.before = before;
			this.set = set;
			this.next = next;
		}

		static <V> Restored<V> set(ThreadLocalAccessor<V> accessor, ContextView context, @Nullable Scope next) {
			V value = context.getOrDefault(accessor.key(), null);
			Restored<V> restored = new Restored<>(accessor, accessor.getValue(), value != null, next);
			if (value != null) {
				accessor.setValue(value);
			}
			return restored;
		}

		@Override
		public void close() {
			try {
				if (this.set || !Objects.equals(this.accessor.getValue(), this.before)) {
					restore();
				}
			}
			finally {
				ContextPropagationThreadLocals.close(this.next);
			}
		}

		private void restore() {
			if (this.before != null) {
				this.accessor.restore(this.before);
			}
			else {
				this.accessor.restore();
			}
		}

	}

}
