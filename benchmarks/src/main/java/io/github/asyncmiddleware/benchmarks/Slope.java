package io.github.asyncmiddleware.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link FilterChainBenchmark} and prints what one filter costs: the slope between
 * 10 and 50 filters, where the cost of the request itself cancels out.
 * <p>
 * All variants take turns, round by round, and the median of the rounds counts: what else
 * the machine does meanwhile hits all of them.
 */
public final class Slope {

	private static final int FEW = 10;

	private static final int MANY = 50;

	private static final List<Integer> SIZES = List.of(0, 1, FEW, MANY);

	private Slope() {
	}

	/**
	 * Run and print.
	 * @param args the number of rounds (1 if none is given), and the names of variants to
	 * compare with the bare one (all if none is given)
	 * @throws RunnerException if a benchmark fails
	 */
	public static void main(String[] args) throws RunnerException {
		int rounds = (args.length > 0) ? Integer.parseInt(args[0]) : 1;
		List<Variant> variants = (args.length > 1)
				? Stream.concat(Stream.of(Variant.BARE), Stream.of(args).skip(1).map(Variant::valueOf))
					.distinct()
					.toList()
				: List.of(Variant.values());
		Map<String, List<Cost>> costs = new HashMap<>();
		for (int round = 1; round <= rounds; round++) {
			for (int size : SIZES) {
				System.err.println("Round " + round + " of " + rounds + ", " + size + " filters");
				for (RunResult result : new Runner(options(variants, size)).run()) {
					costs.computeIfAbsent(key(result), (key) -> new ArrayList<>()).add(Cost.of(result));
				}
			}
		}
		print(variants, costs);
	}

	private static Options options(List<Variant> variants, int size) {
		Stream<Variant> distinct = (size > 0) ? variants.stream() : Stream.of(Variant.BARE);
		return new OptionsBuilder().include(FilterChainBenchmark.class.getName() + ".request")
			.param("variant", distinct.map(Variant::name).toArray(String[]::new))
			.param("filters", String.valueOf(size))
			.addProfiler(GCProfiler.class)
			.addProfiler(CpuProfiler.class)
			.forks(1)
			.jvmArgsPrepend(quiet())
			.warmupIterations(6)
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

	private static void print(List<Variant> variants, Map<String, List<Cost>> costs) {
		Cost nothing = cost(costs, Variant.BARE, 0);
		System.out.printf(Locale.ROOT, "%nJDK %s, %d processors; without filters %.0f ns and %.0f B%n%n",
				Runtime.version().feature(), Runtime.getRuntime().availableProcessors(), nothing.nanos(),
				nothing.bytes());
		System.out.println("| | per filter, " + FEW + " to " + MANY + ": ns | / bare | B | first filter: ns | B | "
				+ MANY + " filters: ns | B |");
		System.out.println("|---|--:|--:|--:|--:|--:|--:|--:|");
		double bare = slope(costs, Variant.BARE).nanos();
		for (Variant variant : variants) {
			Cost slope = slope(costs, variant);
			Cost first = cost(costs, variant, 1).minus(nothing);
			Cost many = cost(costs, variant, MANY);
			System.out.printf(Locale.ROOT, "| %s | %.1f | %.2f | %.0f | %.0f | %.0f | %.0f | %.0f |%n", variant.label(),
					slope.nanos(), slope.nanos() / bare, slope.bytes(), first.nanos(), first.bytes(), many.nanos(),
					many.bytes());
		}
	}

	private static Cost slope(Map<String, List<Cost>> costs, Variant variant) {
		return cost(costs, variant, MANY).minus(cost(costs, variant, FEW)).dividedBy(MANY - FEW);
	}

	private static Cost cost(Map<String, List<Cost>> costs, Variant variant, int size) {
		List<Cost> all = costs.get(key(variant.name(), String.valueOf(size)));
		return Cost.median((all != null) ? all : List.of());
	}

	private static String key(RunResult result) {
		BenchmarkParams params = result.getParams();
		return key(params.getParam("variant"), params.getParam("filters"));
	}

	private static String key(String variant, String size) {
		return variant + " " + size;
	}

}
