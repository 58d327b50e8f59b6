package io.github.asyncmiddleware.internal.chain;

import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * Calls back after a while. For the time that middlewares have for themselves.
 */
public interface Deadlines {

	/**
	 * For chains in which no middleware has a deadline: never calls back.
	 */
	Deadlines NONE = new Deadlines() {

		@Override
		public long now() {
			return 0;
		}

		@Override
		public Disposable schedule(Runnable task, long delay) {
			return Disposables.never();
		}

	};

	/**
	 * Read the clock.
	 * @return nanoseconds, only good for taking differences
	 */
	long now();

	/**
	 * Have a task called once. It may do whatever is done on behalf of a request, so it
	 * does not hold up other tasks.
	 * @param task the task
	 * @param delay when to call it, in nanoseconds from now; it is never called earlier
	 * @return takes the call back, if it is not too late
	 */
	Disposable schedule(Runnable task, long delay);

}
