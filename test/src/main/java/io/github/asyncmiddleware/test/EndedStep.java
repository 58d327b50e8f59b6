package io.github.asyncmiddleware.test;

import java.time.Duration;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * How the part of one middleware in one request ended.
 *
 * @param middleware the middleware
 * @param result how
 * @param own its own time
 * @param ttfb the time from its turn to the head, or {@code null} without a head
 * @param failure what it has failed with that the request did not go on without, or
 * {@code null}
 */
record EndedStep(Middleware middleware, MiddlewareResult result, Duration own, @Nullable Duration ttfb,
		@Nullable Throwable failure) {

	static EndedStep of(StepRecord step, RequestRecord request) {
		return new EndedStep(step.middleware(), step.result(), Duration.ofNanos(step.own()),
				request.hasHead() ? Duration.ofNanos(request.ttfb(step)) : null,
				(step.observation() instanceof StepFailure failure) ? failure.error() : null);
	}

}
