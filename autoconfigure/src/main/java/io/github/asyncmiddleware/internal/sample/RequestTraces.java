package io.github.asyncmiddleware.internal.sample;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Knows which trace a request belongs to, whatever the current thread is doing.
 */
public interface RequestTraces {

	/**
	 * For applications without tracing.
	 */
	RequestTraces NONE = new RequestTraces() {

		@Override
		public @Nullable Object of(RequestRecord request) {
			return null;
		}

		@Override
		public @Nullable String id(Object trace) {
			return null;
		}

		@Override
		public Aside stepAside() {
			return Aside.NOWHERE;
		}

	};

	/**
	 * The trace of a request. Called on the thread that the request is on, and cheap.
	 * @param request the request
	 * @return its trace, opaque to other code, or {@code null} if it has none
	 */
	@Nullable Object of(RequestRecord request);

	/**
	 * The id of a trace.
	 * @param trace a trace of a request
	 * @return its id, or {@code null} if the trace is not kept
	 */
	@Nullable String id(Object trace);

	/**
	 * Leave the trace that the current thread is in, for what belongs to other ones.
	 * @return what takes the thread back
	 */
	Aside stepAside();

	/**
	 * A thread that has left its trace for a moment.
	 */
	@FunctionalInterface
	interface Aside {

		/**
		 * Has nothing to take back.
		 */
		Aside NOWHERE = () -> {
		};

		/**
		 * Take the thread back to its trace.
		 */
		void close();

	}

}
