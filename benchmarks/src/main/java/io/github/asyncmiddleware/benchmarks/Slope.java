package io.github.asyncmiddleware.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import org.openjdk.jmh.runner.RunnerException;

/**
 * Prints what one filter costs: the slope between 10 and 50 filters, where the cost of
 * the request itself cancels out.
 */
public final class Slope {

	private static final String THREADS = "--threads=";

	private static final int FEW = 10;

	private static final int MANY = 50;

	private Slope() {
	}

	/**
	 * Run and print.
	 * @param args the number of rounds (1 if none is given), the names of variants to
	 * compare with the bare one (all if none is given), and {@code --threads=} with the
	 * number of threads that handle requests at the same time, as the last one (1 if none
	 * is given)
	 * @throws RunnerException if a benchmark fails
	 */
	public static void main(String[] args) throws RunnerException {
		List<String> words = Stream.of(args).filter((arg) -> !arg.startsWith(THREADS)).toList();
		int threads = Stream.of(args)
			.filter((arg) -> arg.startsWith(THREADS))
			.mapToInt((arg) -> Integer.parseInt(arg.substring(THREADS.length())))
			.findFirst()
			.orElse(1);
		List<Variant> variants = Measurement.variants(words.stream().skip(1).toList(), List.of(Variant.values()));
		Measurement measurement = new Measurement(variants, List.of(0, 1, FEW, MANY), threads);
		measurement.run(words.isEmpty() ? 1 : Integer.parseInt(words.get(0)));
		print(variants, measurement, threads);
	}

	private static void print(List<Variant> variants, Measurement measurement, int threads) {
		Cost nothing = measurement.nothing();
		System.out.printf(Locale.ROOT, "%nJDK %s, %d processors, threads: %d; without filters %.0f ns and %.0f B%n%n",
				Runtime.version().feature(), Runtime.getRuntime().availableProcessors(), threads, nothing.nanos(),
				nothing.bytes());
		System.out.println("| | per filter, " + FEW + " to " + MANY + ": ns | / bare | B | first filter: ns | B | "
				+ FEW + " filters: ns | / bare | " + MANY + " filters: ns | B |");
		System.out.println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
		double bare = measurement.slope(Variant.BARE, FEW, MANY).nanos();
		double bareFew = measurement.cost(Variant.BARE, FEW).nanos();
		for (Variant variant : variants) {
			Cost slope = measurement.slope(variant, FEW, MANY);
			Cost first = measurement.cost(variant, 1).minus(nothing);
			Cost few = measurement.cost(variant, FEW);
			Cost many = measurement.cost(variant, MANY);
			System.out.printf(Locale.ROOT, "| %s | %.1f | %.2f | %.0f | %.0f | %.0f | %.0f | %.2f | %.0f | %.0f |%n",
					variant.label(), slope.nanos(), slope.nanos() / bare, slope.bytes(), first.nanos(), first.bytes(),
					few.nanos(), few.nanos() / bareFew, many.nanos(), many.bytes());
		}
	}

}
