package io.github.asyncmiddleware.internal.record;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the part of one middleware in one request.
 */
public interface StepRecord {

	/**
	 * The middleware whose part this is.
	 * @return the middleware
	 */
	Middleware middleware();

	/**
	 * The part of the middleware whose turn came before, for going through all of them.
	 * @return the previous part, or {@code null} if this was the first
	 */
	@Nullable StepRecord previous();

	/**
	 * When the turn of the middleware came.
	 * @return nanoseconds, on the clock of the engine
	 */
	long entered();

	/**
	 * How long after its turn the middleware first handed over to the rest of the chain,
	 * or, in a concurrent group, had finished. Right to seven digits.
	 * @return nanoseconds, or 0 if it did not
	 */
	long handedAfter();

	/**
	 * The time the middleware spent itself: before it handed over, and after the response
	 * reached it until it passed it on, as far as that was before the head.
	 * @return nanoseconds
	 */
	long own();

	/**
	 * What observes the part.
	 * @return the observation that a {@link StepObserver} has begun, or {@code null}
	 */
	default @Nullable StepObservation observation() {
		return null;
	}

	/**
	 * How its part ended. Final once the request has ended.
	 * @return the result
	 */
	MiddlewareResult result();

}
