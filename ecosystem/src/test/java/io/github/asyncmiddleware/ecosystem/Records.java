package io.github.asyncmiddleware.ecosystem;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Statistic;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * How many samples the meters have recorded since a moment, by the name of the meter and
 * some of its tags: {@code requests ok}, {@code own auth passed},
 * {@code ttfb auth SUCCESS}, {@code misuse auth late_next}.
 */
final class Records {

	private static final String PREFIX = "async.middleware.";

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	/** Samples reach the registry some milliseconds after the request. */
	private static final Duration QUIET = Duration.ofMillis(50);

	private final MeterRegistry registry;

	private final Map<String, Integer> before;

	Records(MeterRegistry registry) {
		this.registry = registry;
		this.before = read();
	}

	/**
	 * Wait until a number of requests is over, and nothing is recorded any more.
	 * @param requests the number
	 * @return the samples of each kind that has some
	 */
	Map<String, Integer> after(int requests) {
		await().pollInterval(Duration.ofMillis(5)).until(this::now, (records) -> sum(records, "requests ") >= requests);
		AtomicReference<Map<String, Integer>> previous = new AtomicReference<>(Map.of());
		return await().pollInterval(QUIET).until(this::now, (records) -> records.equals(previous.getAndSet(records)));
	}

	private static ConditionFactory await() {
		return Awaitility.await().dontCatchUncaughtExceptions().atMost(PATIENCE);
	}

	/**
	 * What is recorded now.
	 * @return the samples of each kind that has some
	 */
	Map<String, Integer> now() {
		Map<String, Integer> now = read();
		this.before.forEach((kind, count) -> now.merge(kind, -count, Integer::sum));
		now.values().removeIf((count) -> count == 0);
		return now;
	}

	/**
	 * How many samples there are of kinds that begin alike.
	 * @param records the samples of each kind
	 * @param beginning how they begin
	 * @return their number
	 */
	static int sum(Map<String, Integer> records, String beginning) {
		return records.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().startsWith(beginning))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	private Map<String, Integer> read() {
		Map<String, Integer> counts = new TreeMap<>();
		for (Meter meter : this.registry.getMeters()) {
			String kind = kind(meter.getId());
			if (!kind.isEmpty()) {
				counts.merge(kind, count(meter), Integer::sum);
			}
		}
		return counts;
	}

	private static String kind(Meter.Id id) {
		return switch (id.getName()) {
			case PREFIX + "requests" -> "requests " + id.getTag("result");
			case PREFIX + "own" -> "own " + id.getTag("middleware") + " " + id.getTag("result");
			case PREFIX + "ttfb" -> "ttfb " + id.getTag("middleware") + " " + id.getTag("outcome");
			case PREFIX + "misuse" -> "misuse " + id.getTag("middleware") + " " + id.getTag("kind");
			case PREFIX + "blocked" -> "blocked " + id.getTag("middleware");
			default -> "";
		};
	}

	private static int count(Meter meter) {
		for (var measurement : meter.measure()) {
			if (measurement.getStatistic() == Statistic.COUNT) {
				return (int) measurement.getValue();
			}
		}
		throw new IllegalStateException(meter.getId() + " counts nothing");
	}

}
