package io.github.asyncmiddleware.testsupport.boot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * What meters have recorded since a moment, one line for each sample, in the words of
 * {@link Records}.
 */
public final class MeterChanges {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final String BLOCKED = "blocked ";

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
		return settled(this::now);
	}

	private static List<String> settled(Supplier<List<String>> samples) {
		List<String> previous = new ArrayList<>();
		await().pollDelay(QUIET).pollInterval(QUIET).until(() -> {
			List<String> now = samples.get();
			boolean same = now.equals(previous);
			previous.clear();
			previous.addAll(now);
			return same;
		});
		return previous;
	}

	/**
	 * The samples so far.
	 * @return all samples, sorted, without those of {@link #blocked()}
	 */
	public List<String> now() {
		return records().withoutAll(BLOCKED).all();
	}

	/**
	 * Wait until no more threads are found to be blocked. Not part of the other samples:
	 * where other processes take the processors, to load a class or to start a thread can
	 * block.
	 * @return the names of the middlewares, sorted
	 */
	public List<String> blocked() {
		return settled(() -> records().all().stream().filter((sample) -> sample.startsWith(BLOCKED)).toList()).stream()
			.map((sample) -> sample.substring(BLOCKED.length()))
			.toList();
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
