package io.github.asyncmiddleware.faults;

import java.time.Duration;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * How long something may take that happens soon after a client has its answer.
 */
final class Patience {

	static final Duration LIMIT = Duration.ofSeconds(5);

	private Patience() {
	}

	/**
	 * Wait for a condition. What threads of the application die of is none of it.
	 */
	static ConditionFactory await() {
		return Awaitility.await()
			.dontCatchUncaughtExceptions()
			.atMost(LIMIT)
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(5));
	}

}
