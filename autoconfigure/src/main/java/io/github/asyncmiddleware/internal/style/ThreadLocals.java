package io.github.asyncmiddleware.internal.style;

import reactor.util.context.ContextView;

import org.springframework.util.ClassUtils;

/**
 * Carries thread-locals along with a request: those of the thread that goes on with it,
 * and those that are in its Reactor context. Each scope is closed by the thread that has
 * opened it, and the thread is then as before.
 */
interface ThreadLocals {

	/** Carries nothing. */
	ThreadLocals NONE = new NoThreadLocals();

	/**
	 * Take what is set on the current thread, overridden by what is in a context.
	 * @param context the context of the request
	 * @return what was taken, to be set on any thread, any number of times
	 */
	Snapshot capture(ContextView context);

	/**
	 * Set what is in a context on the current thread, beside what is set already. When
	 * the scope ends, the thread is as before, whatever was set meanwhile.
	 * @param context the context of the request
	 * @return how to end it
	 */
	Scope set(ContextView context);

	/**
	 * Find out what is possible here.
	 * @return the thread-locals that the context-propagation library and SLF4J know, as
	 * far as they are there; {@link #NONE} without both
	 */
	static ThreadLocals detect() {
		ThreadLocals known = isPresent("io.micrometer.context.ContextSnapshotFactory")
				? new ContextPropagationThreadLocals() : NONE;
		return isPresent("org.slf4j.MDC") ? new MdcThreadLocals(known) : known;
	}

	private static boolean isPresent(String className) {
		return ClassUtils.isPresent(className, ThreadLocals.class.getClassLoader());
	}

	/**
	 * Values that were taken from one thread for another. It sees those and no others,
	 * and what it sets itself does not outlive the scope.
	 */
	interface Snapshot {

		Scope set();

	}

	/**
	 * The time for which thread-locals are set.
	 */
	interface Scope extends AutoCloseable {

		@Override
		void close();

	}

	/**
	 * Stands in where there is nothing to carry.
	 */
	final class NoThreadLocals implements ThreadLocals {

		static final Scope SCOPE = () -> {
		};

		private static final Snapshot SNAPSHOT = () -> SCOPE;

		@Override
		public Snapshot capture(ContextView context) {
			return SNAPSHOT;
		}

		@Override
		public Scope set(ContextView context) {
			return SCOPE;
		}

	}

}
