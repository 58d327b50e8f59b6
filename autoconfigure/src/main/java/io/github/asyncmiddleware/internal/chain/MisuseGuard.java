package io.github.asyncmiddleware.internal.chain;

/**
 * Is told of every misuse and decides what becomes of it. Called on the thread that the
 * request is on.
 */
@FunctionalInterface
public interface MisuseGuard {

	/**
	 * Lets everything go on as it would without the engine.
	 */
	MisuseGuard OFF = (middleware, misuse) -> false;

	/**
	 * A middleware breaks the rules.
	 * @param middleware the middleware
	 * @param misuse what it does
	 * @return whether the engine is to step in: fail the request, not run the rest of the
	 * chain again, or wait for it. Otherwise everything goes on as it would without the
	 * engine
	 */
	boolean stepsIn(Middleware middleware, Misuse misuse);

}
