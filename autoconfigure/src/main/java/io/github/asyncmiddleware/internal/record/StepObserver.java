package io.github.asyncmiddleware.internal.record;

import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Observes the part of each middleware while it runs, and may give it a context of its
 * own.
 */
@FunctionalInterface
public interface StepObserver {

	/**
	 * A middleware was entered. Called once for each part in a request, on the thread
	 * that the request is on; must neither block nor throw.
	 * @param request the request
	 * @param step the part of the middleware
	 * @param context the context that the middleware is entered with
	 * @return what observes the part from now on, or {@code null} if nothing does
	 */
	@Nullable StepObservation entered(RequestRecord request, StepRecord step, ContextView context);

}
