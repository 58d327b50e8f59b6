package io.github.asyncmiddleware.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Gives the observations of middlewares their names and key values. A bean of this type
 * replaces {@link DefaultMiddlewareObservationConvention}.
 * <p>
 * Asked on the thread that the request is on, when an observation starts and when it
 * stops, so it must not block. What it throws is logged once and does not reach the
 * response; the part of the middleware may not be observed then.
 */
public interface MiddlewareObservationConvention extends ObservationConvention<MiddlewareObservationContext> {

	@Override
	default boolean supportsContext(Observation.Context context) {
		return context instanceof MiddlewareObservationContext;
	}

}
