package io.github.asyncmiddleware.testsupport.boot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * What meters have recorded since a moment, one line for each sample:
 * {@code requests ok}, {@code own auth passed}, {@code ttfb auth SUCCESS},
 * {@code request.ttfb 200}, {@code misuse auth late_next}, {@code blocked auth}.
 */
public final class MeterChanges {

	private static final Duration PATIENCE = Duration.ofSeconds(5);

	/** Samples reach the registry some milliseconds after the request. */
	private static final Duration QUIET = Duration.ofMillis(50);

	private static final String PREFIX = "async.middleware.";

	private static final Map<String, List<String>> TAGS = Map.of("requests", List.of("result"), "own",
			List.of("middleware", "result"), "ttfb", List.of("middleware", "outcome"), "request.ttfb",
			List.of("status"), "misuse", List.of("middleware", "kind"), "blocked", List.of("middleware"));

	private final MeterRegistry registry;

	private final Map<String, Long> before;

	MeterChanges(MeterRegistry registry) {
		this.registry = registry;
		this.before = counts();
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
		return counts().entrySet()
			.stream()
			.flatMap((entry) -> Stream.generate(entry::getKey)
				.limit(entry.getValue() - this.before.getOrDefault(entry.getKey(), 0L)))
			.toList();
	}

	/**
	 * How many requests are over.
	 * @return the number of requests
	 */
	public long requests() {
		return now().stream().filter((sample) -> sample.startsWith("requests ")).count();
	}

	private static ConditionFactory await() {
		// What is thrown on other threads is none of our business
		return Awaitility.await().dontCatchUncaughtExceptions().atMost(PATIENCE);
	}

	private Map<String, Long> counts() {
		Map<String, Long> counts = new TreeMap<>();
		for (Meter meter : this.registry.getMeters()) {
			String name = meter.getId().getName();
			List<String> tags = name.startsWith(PREFIX) ? TAGS.get(name.substring(PREFIX.length())) : null;
			if (tags != null) {
				String sample = Stream
					.concat(Stream.of(name.substring(PREFIX.length())), tags.stream().map(meter.getId()::getTag))
					.collect(Collectors.joining(" "));
				counts.merge(sample, count(meter), Long::sum);
			}
		}
		return counts;
	}

	private static long count(Meter meter) {
		return (meter instanceof Timer timer) ? timer.count() : (long) ((Counter) meter).count();
	}

}
