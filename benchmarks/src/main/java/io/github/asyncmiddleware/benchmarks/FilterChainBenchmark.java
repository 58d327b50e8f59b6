package io.github.asyncmiddleware.benchmarks;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.http.server.reactive.HttpHandler;

/**
 * One request through a number of filters, all of them classes of their own, from the
 * handler that a server calls to the end of the response. Threads, if there are several,
 * share the handler, as those of a server do.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(value = 3, jvmArgsAppend = { "-Xms1g", "-Xmx1g", "-XX:+UseSerialGC" })
@State(Scope.Benchmark)
public class FilterChainBenchmark {

	/** How the filters are run. */
	@Param
	public Variant variant;

	/** How many filters there are. */
	@Param({ "0", "1", "10", "50", "200" })
	public int filters;

	private HttpHandler handler;

	/**
	 * Build the application.
	 */
	@Setup
	public void build() {
		this.handler = this.variant.handler(this.filters);
		if (!request().isComplete()) {
			throw new IllegalStateException("The request did not complete");
		}
	}

	/**
	 * Handle one request.
	 * @return who waited for it
	 */
	@Benchmark
	public LeanSubscriber request() {
		LeanSubscriber subscriber = new LeanSubscriber();
		this.handler.handle(new LeanRequest(), new LeanResponse()).subscribe(subscriber);
		return subscriber;
	}

}
