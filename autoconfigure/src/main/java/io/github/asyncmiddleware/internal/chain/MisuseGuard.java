package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;

/**
 * Is told of every misuse and decides what happens then. Called on the thread that the
 * request is on.
 */
@FunctionalInterface
public interface MisuseGuard {

	/**
	 * Lets everything go on as it would without the engine.
	 */
	MisuseGuard OFF = new MisuseGuard() {

		@Override
		public boolean stepsIn(Middleware middleware, Misuse misuse, @Nullable LoggedRequest request) {
			return false;
		}

		@Override
		public boolean stepsIn() {
			return false;
		}

		@Override
		public boolean stepsInRepeatedRun(Middleware first, LoggedRequest request) {
			return false;
		}

	};

	/**
	 * A middleware breaks the rules.
	 * @param middleware the middleware
	 * @param misuse what it does
	 * @param request the request, for the log; {@code null} if it is not known
	 * @return whether the engine is to step in: fail the request, not run the rest of the
	 * chain again, or wait for it. Otherwise everything goes on as it would without the
	 * engine
	 */
	boolean stepsIn(Middleware middleware, Misuse misuse, @Nullable LoggedRequest request);

	/**
	 * Whether the engine is to step in where no middleware that is at work is to blame.
	 * @return {@code false} if everything goes on as it would without the engine
	 */
	default boolean stepsIn() {
		return true;
	}

	/**
	 * A filter that is no middleware runs the chain behind it once more, although the
	 * first run goes on or has succeeded. No middleware is to blame for that.
	 * @param first the first middleware behind that filter
	 * @param request the request, for the log
	 * @return whether the engine is to step in, and not run the chain again
	 */
	default boolean stepsInRepeatedRun(Middleware first, LoggedRequest request) {
		return true;
	}

	/**
	 * A method of a middleware has returned {@code null} in place of a publisher.
	 * @param middleware the middleware
	 * @param place the class and the name of the method
	 * @param request the request, for the log
	 */
	default void returnedNull(Middleware middleware, String place, LoggedRequest request) {
		stepsIn(middleware, Misuse.NULL_RESULT, request);
	}

}
