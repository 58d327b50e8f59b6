package io.github.asyncmiddleware.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Collection;
import java.util.List;
import java.util.stream.LongStream;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * A profiler for JMH that reports the processor time that one operation takes. On a
 * machine that has other things to do it says more than the time that has passed.
 */
public final class CpuProfiler implements InternalProfiler {

	/** What the result is called. */
	static final String LABEL = "cpu.time.norm";

	private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

	private long before;

	@Override
	public String getDescription() {
		return "Processor time of the worker threads";
	}

	@Override
	public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
		this.before = workerTime();
	}

	@Override
	public Collection<ScalarResult> afterIteration(BenchmarkParams benchmark, IterationParams iteration,
			IterationResult result) {
		double time = workerTime() - this.before;
		return List
			.of(new ScalarResult(LABEL, time / result.getMetadata().getAllOps(), "ns/op", AggregationPolicy.AVG));
	}

	private long workerTime() {
		return LongStream.of(this.threads.getAllThreadIds()).filter(this::isWorker).map(this::timeOf).sum();
	}

	private boolean isWorker(long id) {
		ThreadInfo thread = this.threads.getThreadInfo(id);
		return thread != null && thread.getThreadName().contains("jmh-worker");
	}

	private long timeOf(long id) {
		return Math.max(this.threads.getThreadCpuTime(id), 0);
	}

}
