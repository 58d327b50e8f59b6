package io.github.asyncmiddleware.internal.record;

import reactor.util.context.Context;

/**
 * What observes the part of one middleware in one request. Nothing here may throw.
 */
public interface StepObservation {

	/**
	 * The context of what the middleware does itself.
	 * @param outer the context that the middleware was entered with
	 * @return the same context, with what belongs to the middleware
	 */
	Context own(Context outer);

	/**
	 * The context of the rest of the chain, which does not belong to the middleware.
	 * @param own the context that the middleware hands over with
	 * @return the same context, without what {@link #own} has put there
	 */
	Context rest(Context own);

	/**
	 * The middleware has failed, and it is its own failure.
	 * @param error what it has failed with
	 */
	void failed(Throwable error);

}
