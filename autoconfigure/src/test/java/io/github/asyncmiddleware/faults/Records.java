package io.github.asyncmiddleware.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/**
 * What the meters say has happened: how often each thing, in words such as
 * {@code request ok}, {@code head 200}, {@code own auth passed},
 * {@code ttfb auth SUCCESS} and {@code misuse auth late_next}.
 */
record Records(Map<String, Integer> counts) {

	/**
	 * Read what the meters say now.
	 */
	static Records of(MeterRegistry registry) {
		Map<String, Integer> counts = new TreeMap<>();
		read(registry, "requests", "request", counts, "result");
		read(registry, "own", "own", counts, "middleware", "result");
		read(registry, "ttfb", "ttfb", counts, "middleware", "outcome");
		read(registry, "misuse", "misuse", counts, "middleware", "kind");
		for (Timer timer : registry.find("async.middleware.request.ttfb").timers()) {
			if (!FaultServer.ALIVE.equals(timer.getId().getTag("uri"))) {
				counts.merge("head " + timer.getId().getTag("status"), (int) timer.count(), Integer::sum);
			}
		}
		counts.values().removeIf((count) -> count == 0);
		return new Records(counts);
	}

	private static void read(MeterRegistry registry, String meter, String word, Map<String, Integer> counts,
			String... tags) {
		for (Meter found : registry.find("async.middleware." + meter).meters()) {
			StringBuilder what = new StringBuilder(word);
			for (String tag : tags) {
				what.append(' ').append(found.getId().getTag(tag));
			}
			counts.merge(what.toString(), count(found), Integer::sum);
		}
	}

	private static int count(Meter meter) {
		return (int) ((meter instanceof Timer timer) ? timer.count() : ((Counter) meter).count());
	}

	/**
	 * What has happened since.
	 */
	Records since(Records before) {
		Map<String, Integer> counts = new TreeMap<>(this.counts);
		before.counts.forEach((what, count) -> counts.merge(what, -count, Integer::sum));
		counts.values().removeIf((count) -> count == 0);
		return new Records(counts);
	}

	/**
	 * The same without one of those.
	 */
	Records without(String what) {
		return since(new Records(Map.of(what, 1)));
	}

	int count(String what) {
		return this.counts.getOrDefault(what, 0);
	}

	/**
	 * How many there are whose words begin like that.
	 */
	int sum(String beginning) {
		return this.counts.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().startsWith(beginning))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	/**
	 * Each as often as it has happened.
	 */
	List<String> all() {
		List<String> all = new ArrayList<>();
		this.counts.forEach((what, count) -> {
			for (int i = 0; i < Math.abs(count); i++) {
				all.add((count > 0) ? what : "minus " + what);
			}
		});
		return all;
	}

}
