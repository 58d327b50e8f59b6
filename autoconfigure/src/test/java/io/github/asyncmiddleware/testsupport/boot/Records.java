package io.github.asyncmiddleware.testsupport.boot;

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

/**
 * How many samples the meters have recorded of each kind, which is the name of the meter
 * and some of its tags: {@code requests ok}, {@code own auth passed},
 * {@code ttfb auth SUCCESS}, {@code request.ttfb 200}, {@code misuse auth late_next},
 * {@code blocked auth}.
 *
 * @param counts the number of samples for each kind that has some
 */
public record Records(Map<String, Integer> counts) {

	private static final String PREFIX = "async.middleware.";

	private static final Map<String, List<String>> TAGS = Map.of("requests", List.of("result"), "own",
			List.of("middleware", "result"), "ttfb", List.of("middleware", "outcome"), "request.ttfb",
			List.of("status"), "misuse", List.of("middleware", "kind"), "blocked", List.of("middleware"));

	/**
	 * Read what the meters say now.
	 * @param registry has the meters
	 * @return their samples until now
	 */
	public static Records of(MeterRegistry registry) {
		Map<String, Integer> counts = new TreeMap<>();
		for (Meter meter : registry.getMeters()) {
			String name = meter.getId().getName();
			List<String> tags = name.startsWith(PREFIX) ? TAGS.get(name.substring(PREFIX.length())) : null;
			if (tags != null) {
				String sample = Stream
					.concat(Stream.of(name.substring(PREFIX.length())), tags.stream().map(meter.getId()::getTag))
					.collect(Collectors.joining(" "));
				counts.merge(sample, count(meter), Integer::sum);
			}
		}
		counts.values().removeIf((count) -> count == 0);
		return new Records(counts);
	}

	private static int count(Meter meter) {
		return (int) ((meter instanceof Timer timer) ? timer.count() : ((Counter) meter).count());
	}

	/**
	 * What was recorded after other records were read.
	 * @param before the other records
	 * @return the difference
	 */
	public Records since(Records before) {
		Map<String, Integer> counts = new TreeMap<>(this.counts);
		before.counts.forEach((what, count) -> counts.merge(what, -count, Integer::sum));
		counts.values().removeIf((count) -> count == 0);
		return new Records(counts);
	}

	/**
	 * The same without one sample of some kinds.
	 * @param kinds the kinds
	 * @return the difference
	 */
	public Records without(String... kinds) {
		return since(new Records(Stream.of(kinds).collect(Collectors.toMap((kind) -> kind, (kind) -> 1))));
	}

	/**
	 * The same without any sample of some kinds.
	 * @param beginning how the kinds begin
	 * @return the rest
	 */
	public Records withoutAll(String beginning) {
		Map<String, Integer> counts = new TreeMap<>(this.counts);
		counts.keySet().removeIf((kind) -> kind.startsWith(beginning));
		return new Records(counts);
	}

	/**
	 * How many samples there are of one kind.
	 * @param kind the kind
	 * @return their number
	 */
	public int count(String kind) {
		return this.counts.getOrDefault(kind, 0);
	}

	/**
	 * How many samples there are of kinds that begin alike.
	 * @param beginning how they begin
	 * @return their number
	 */
	public int sum(String beginning) {
		return this.counts.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().startsWith(beginning))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	/**
	 * One line for each sample, and one with {@code minus} for each that is missing.
	 * @return the kinds, sorted
	 */
	public List<String> all() {
		List<String> all = new ArrayList<>();
		this.counts.forEach((what, count) -> {
			for (int i = 0; i < Math.abs(count); i++) {
				all.add((count > 0) ? what : "minus " + what);
			}
		});
		return all;
	}

}
