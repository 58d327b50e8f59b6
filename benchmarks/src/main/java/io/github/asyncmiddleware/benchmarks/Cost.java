package io.github.asyncmiddleware.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

import org.springframework.util.Assert;

/**
 * What something takes.
 *
 * @param nanos processor time, in nanoseconds
 * @param bytes garbage
 */
record Cost(double nanos, double bytes) {

	/**
	 * The cost that a benchmark has found.
	 * @param result the result of a run with both profilers
	 */
	static Cost of(RunResult result) {
		return new Cost(score(result, CpuProfiler.LABEL), score(result, "gc.alloc.rate.norm"));
	}

	private static double score(RunResult result, String label) {
		Result<?> secondary = result.getSecondaryResults().get(label);
		Assert.state(secondary != null, "The profilers have not run");
		return secondary.getScore();
	}

	static Cost median(List<Cost> costs) {
		return new Cost(median(costs, Cost::nanos), median(costs, Cost::bytes));
	}

	private static double median(List<Cost> costs, ToDoubleFunction<Cost> value) {
		double[] values = costs.stream().mapToDouble(value).sorted().toArray();
		return Arrays.stream(values, (values.length - 1) / 2, values.length / 2 + 1).average().orElseThrow();
	}

	Cost minus(Cost other) {
		return new Cost(this.nanos - other.nanos, this.bytes - other.bytes);
	}

	Cost dividedBy(int divisor) {
		return new Cost(this.nanos / divisor, this.bytes / divisor);
	}

}
