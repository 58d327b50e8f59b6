package io.github.asyncmiddleware.benchmarks;

import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.actuate.SlowestRequests;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * What a request costs that is none of the slowest: with ten middlewares that all have
 * passed, so that each has to be looked at.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SlowestRequestsBenchmark {

	private final SlowestRequests requests = new SlowestRequests(Ticker.SYSTEM, () -> RequestTraces.NONE);

	private final RequestRecord fast = new FixedRequest(1_000_000);

	/**
	 * Fill the list.
	 */
	@Setup
	public void fill() {
		for (int i = 0; i < 100; i++) {
			this.requests.onEnd(new FixedRequest(1_000_000_000L + i), RequestResult.OK);
		}
	}

	/**
	 * End a request.
	 */
	@Benchmark
	public void fast() {
		this.requests.onEnd(this.fast, RequestResult.OK);
	}

	/**
	 * A request that has taken a while.
	 */
	private static final class FixedRequest implements RequestRecord {

		private final ServerHttpRequest request = new LeanRequest();

		private final long arrived = Ticker.SYSTEM.read();

		private final long ttfb;

		private final StepRecord last;

		FixedRequest(long ttfb) {
			this.ttfb = ttfb;
			StepRecord last = null;
			for (int i = 0; i < 10; i++) {
				last = new Passed(new Middleware(i, "m" + i, Object.class, i, MiddlewareScope.ALL,
						(exchange, chain) -> chain.filter(exchange)), last, this.arrived);
			}
			this.last = Objects.requireNonNull(last);
		}

		@Override
		public ServerHttpRequest request() {
			return this.request;
		}

		@Override
		public @Nullable ServerWebExchange exchange() {
			return null;
		}

		@Override
		public StepRecord last() {
			return this.last;
		}

		@Override
		public long arrived() {
			return this.arrived;
		}

		@Override
		public boolean hasHead() {
			return true;
		}

		@Override
		public int status() {
			return 200;
		}

		@Override
		public long ttfb() {
			return this.ttfb;
		}

		@Override
		public long total() {
			return this.ttfb;
		}

		@Override
		public long ttfb(StepRecord step) {
			return this.ttfb;
		}

		@Override
		public long app() {
			return 0;
		}

		@Override
		public long ttfbSoFar() {
			return this.ttfb;
		}

		@Override
		public @Nullable StepRecord awaited() {
			return null;
		}

		@Override
		public boolean isWaitingForClient() {
			return false;
		}

		@Override
		public boolean isEnded() {
			return true;
		}

	}

	/**
	 * The part of a middleware that has passed.
	 *
	 * @param middleware the middleware
	 * @param previous the part before
	 * @param entered when its turn came
	 */
	private record Passed(Middleware middleware, @Nullable StepRecord previous, long entered) implements StepRecord {

		@Override
		public long handedAfter() {
			return 1;
		}

		@Override
		public long own() {
			return 1;
		}

		@Override
		public MiddlewareResult result() {
			return MiddlewareResult.PASSED;
		}

	}

}
