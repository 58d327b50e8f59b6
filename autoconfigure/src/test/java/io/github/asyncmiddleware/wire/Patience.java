package io.github.asyncmiddleware.wire;

import java.time.Duration;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * How long something may take that happens after many clients have come and gone.
 */
final class Patience {

	private Patience() {
	}

	/**
	 * Wait for a condition. What threads of the application die of is none of it.
	 */
	static ConditionFactory await() {
		return Awaitility.await()
			.dontCatchUncaughtExceptions()
			.atMost(Duration.ofSeconds(30))
			.pollInterval(Duration.ofMillis(10));
	}

}
