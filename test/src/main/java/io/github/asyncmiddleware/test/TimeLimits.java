package io.github.asyncmiddleware.test;

import java.time.Duration;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;

/**
 * Says what a request waits for that takes too long.
 */
final class TimeLimits {

	private TimeLimits() {
	}

	static String describe(TestedExchange exchange, Duration limit) {
		RequestRecord request = exchange.record();
		StepRecord step = (request != null) ? request.awaited() : null;
		String begin = "The request " + exchange.request().getMethod() + " " + exchange.request().getURI()
				+ " is still running after " + limit.toMillis() + " ms of real time: it waits for ";
		if (step == null) {
			return begin + "the handler, or for a filter that is no middleware.";
		}
		Duration timeout = step.middleware().timeout();
		return begin + "the " + step.middleware() + ". "
				+ ((timeout != null)
						? "Its timeout counts on a clock that stands still until a test advances it: use "
								+ "start(request).advance(Duration.ofMillis(" + timeout.toMillis() + ")).await()."
						: "Complete what it waits for, or give it a timeout.");
	}

}
