package io.github.asyncmiddleware.testsupport.boot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * What meters have recorded since a moment, one line for each sample, in the words of
 * {@link Records}.
 */
public final class MeterChanges {

	private static final Duration PATIENCE = Duration.ofSeconds(5);

	/** Samples reach the registry some milliseconds after the request. */
	private static final Duration QUIET = Duration.ofMillis(50);

	private final MeterRegistry registry;

	private final Records before;

	MeterChanges(MeterRegistry registry) {
		this.registry = registry;
		this.before = Records.of(registry);
	}

	/**
	 * Wait until a number of requests is over, and everything about them is recorded.
	 * @param requests the number of requests
	 * @return all samples, sorted
	 */
	public List<String> after(int requests) {
		await().pollInterval(Duration.ofMillis(5)).until(this::requests, (recorded) -> recorded >= requests);
		return settled();
	}

	/**
	 * Wait until nothing is recorded any more.
	 * @return all samples, sorted
	 */
	public List<String> settled() {
		List<String> previous = new ArrayList<>();
		await().pollDelay(QUIET).pollInterval(QUIET).until(() -> {
			List<String> now = now();
			boolean same = now.equals(previous);
			previous.clear();
			previous.addAll(now);
			return same;
		});
		return previous;
	}

	/**
	 * The samples so far.
	 * @return all samples, sorted
	 */
	public List<String> now() {
		return records().all();
	}

	/**
	 * How many requests are over.
	 * @return the number of requests
	 */
	public int requests() {
		return records().sum("requests ");
	}

	private static ConditionFactory await() {
		// What is thrown on other threads is none of our business
		return Awaitility.await().dontCatchUncaughtExceptions().atMost(PATIENCE);
	}

	private Records records() {
		return Records.of(this.registry).since(this.before);
	}

}
