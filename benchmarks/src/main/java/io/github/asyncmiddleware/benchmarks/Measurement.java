package io.github.asyncmiddleware.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link FilterChainBenchmark} and remembers what a request costs, for each variant
 * and number of filters.
 * <p>
 * All variants take turns, round by round, and the median of the rounds counts: what else
 * the machine does meanwhile hits all of them.
 */
final class Measurement {

	private final List<Variant> variants;

	private final List<Integer> sizes;

	private final int threads;

	private final Map<String, List<Cost>> costs = new HashMap<>();

	/**
	 * Create a measurement.
	 * @param variants what to measure
	 * @param sizes numbers of filters. Without any, all variants are the same, so that is
	 * measured for the first one only
	 * @param threads how many threads handle requests at the same time
	 */
	Measurement(List<Variant> variants, List<Integer> sizes, int threads) {
		this.variants = variants;
		this.sizes = sizes;
		this.threads = threads;
	}

	/**
	 * The variants that a user has named, behind the bare one.
	 * @param names what the user has typed
	 * @param otherwise the variants if nothing was
	 */
	static List<Variant> variants(List<String> names, List<Variant> otherwise) {
		return names.isEmpty() ? otherwise
				: Stream.concat(Stream.of(Variant.BARE), names.stream().map(Variant::valueOf)).distinct().toList();
	}

	void run(int rounds) throws RunnerException {
		for (int round = 1; round <= rounds; round++) {
			for (int size : this.sizes) {
				System.err.println("Round " + round + " of " + rounds + ", " + size + " filters");
				for (RunResult result : new Runner(options(size)).run()) {
					String variant = result.getParams().getParam("variant");
					this.costs.computeIfAbsent(key(variant, size), (key) -> new ArrayList<>()).add(Cost.of(result));
				}
			}
		}
	}

	private Options options(int size) {
		List<Variant> distinct = (size > 0) ? this.variants : this.variants.subList(0, 1);
		return new OptionsBuilder().include(FilterChainBenchmark.class.getName() + ".request")
			.param("variant", distinct.stream().map(Variant::name).toArray(String[]::new))
			.param("filters", String.valueOf(size))
			.addProfiler(GCProfiler.class)
			.addProfiler(CpuProfiler.class)
			.forks(1)
			.threads(this.threads)
			.jvmArgsPrepend(quiet())
			// Many filters are much code to compile
			.warmupIterations(6 + size / 50)
			.warmupTime(TimeValue.seconds(1))
			.measurementIterations(3)
			.measurementTime(TimeValue.milliseconds(300))
			.verbosity(VerboseMode.SILENT)
			.build();
	}

	/**
	 * JMH uses what recent virtual machines warn about.
	 */
	private static String[] quiet() {
		return (Runtime.version().feature() >= 24) ? new String[] { "--sun-misc-unsafe-memory-access=allow" }
				: new String[0];
	}

	/**
	 * What a request without filters costs.
	 */
	Cost nothing() {
		return cost(this.variants.get(0), 0);
	}

	/**
	 * What a request costs.
	 */
	Cost cost(Variant variant, int size) {
		return Cost.median(this.costs.getOrDefault(key(variant.name(), size), List.of()));
	}

	/**
	 * What one more filter costs.
	 */
	Cost slope(Variant variant, int few, int many) {
		return cost(variant, many).minus(cost(variant, few)).dividedBy(many - few);
	}

	private static String key(String variant, int size) {
		return variant + " " + size;
	}

}
