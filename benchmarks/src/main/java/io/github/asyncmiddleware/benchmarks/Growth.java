package io.github.asyncmiddleware.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.openjdk.jmh.runner.RunnerException;

/**
 * Prints what one more filter costs in longer and longer chains: the slopes between 10,
 * 30, 100, 300 and 1,000 filters, each of a class of its own. They are all the same where
 * the cost is linear.
 */
public final class Growth {

	private static final List<Integer> SIZES = List.of(10, 30, 100, 300, 1000);

	private Growth() {
	}

	/**
	 * Run and print.
	 * @param args the number of rounds (1 if none is given), and the names of variants to
	 * compare with the bare one (metrics off, all meters and the endpoint if none is
	 * given)
	 * @throws RunnerException if a benchmark fails
	 */
	public static void main(String[] args) throws RunnerException {
		List<Variant> variants = Measurement.variants(Stream.of(args).skip(1).toList(),
				List.of(Variant.BARE, Variant.FUSED, Variant.FUSED_FULL));
		Measurement measurement = new Measurement(variants, SIZES, 1);
		measurement.run((args.length > 0) ? Integer.parseInt(args[0]) : 1);
		System.out.printf(Locale.ROOT, "%nJDK %s, %d processors%n", Runtime.version().feature(),
				Runtime.getRuntime().availableProcessors());
		print("ns", variants, measurement, Cost::nanos);
		print("B", variants, measurement, Cost::bytes);
	}

	private static void print(String unit, List<Variant> variants, Measurement measurement,
			ToDoubleFunction<Cost> value) {
		int last = SIZES.size() - 1;
		System.out.println("\n| per filter, " + unit + " |"
				+ IntStream.range(0, last)
					.mapToObj((i) -> " " + SIZES.get(i) + " to " + SIZES.get(i + 1) + " |")
					.collect(Collectors.joining())
				+ " all | last / all |\n|---|" + "--:|".repeat(last + 2));
		for (Variant variant : variants) {
			StringBuilder row = new StringBuilder("| " + variant.label() + " |");
			double slope = 0;
			for (int i = 0; i < last; i++) {
				slope = value.applyAsDouble(measurement.slope(variant, SIZES.get(i), SIZES.get(i + 1)));
				row.append(String.format(Locale.ROOT, " %.1f |", slope));
			}
			double all = value.applyAsDouble(measurement.slope(variant, SIZES.get(0), SIZES.get(last)));
			System.out.println(row + String.format(Locale.ROOT, " %.1f | %.2f |", all, slope / all));
		}
	}

}
