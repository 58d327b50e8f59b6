package io.github.asyncmiddleware.internal.sample;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * Races for the samples that wait in {@link SampleBuffers}.
 */
public final class SampleBuffersStress {

	private static final RequestRecord REQUEST = new OneStep();

	private SampleBuffersStress() {
	}

	/**
	 * Buffers, and a listener that counts.
	 */
	private abstract static class Samples {

		private final Counts counts = new Counts();

		private final SampleBuffers buffers;

		Samples(int buffers) {
			// The clock stands, so samples wait until they are fetched
			RequestObserver observer = new RequestObserver(List.of(this.counts), HeadDecorator.NONE, () -> 0);
			this.buffers = new SampleBuffers(observer, buffers);
			// The first come at once, as the buffers were idle
			for (int i = 0; i < buffers; i++) {
				this.buffers.note(REQUEST, true, true);
			}
			this.buffers.flush();
		}

		SampleBuffers buffers() {
			return this.buffers;
		}

		int count() {
			return this.counts.count.get();
		}

		void reset() {
			this.counts.count.set(0);
		}

	}

	/**
	 * Counts samples.
	 */
	private static final class Counts implements SampleListener {

		private final AtomicInteger count = new AtomicInteger();

		@Override
		public void onSamples(long[] samples, int from, int to, long time) {
			this.count.addAndGet(to - from);
		}

	}

	/**
	 * A request with one middleware, which has three samples.
	 */
	private static final class OneStep implements RequestRecord, StepRecord {

		private static final Middleware MIDDLEWARE = new Middleware(0, "m", SampleBuffersStress.class, 0,
				MiddlewareScope.ALL, (exchange, chain) -> chain.filter(exchange));

		@Override
		public long arrived() {
			return 0;
		}

		@Override
		public long handedAfter() {
			return 0;
		}

		@Override
		public Middleware middleware() {
			return MIDDLEWARE;
		}

		@Override
		public @Nullable StepRecord previous() {
			return null;
		}

		@Override
		public long entered() {
			return 0;
		}

		@Override
		public long own() {
			return 0;
		}

		@Override
		public MiddlewareResult result() {
			return MiddlewareResult.PASSED;
		}

		@Override
		public ServerHttpRequest request() {
			return new StressRequest().run().request();
		}

		@Override
		public @Nullable ServerWebExchange exchange() {
			return null;
		}

		@Override
		public StepRecord last() {
			return this;
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
			return 0;
		}

		@Override
		public long total() {
			return 0;
		}

		@Override
		public long ttfb(StepRecord step) {
			return 0;
		}

		@Override
		public long app() {
			return 0;
		}

		@Override
		public long ttfbSoFar() {
			return 0;
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
	 * Two requests note their samples in the same buffer.
	 */
	@JCStressTest
	@Outcome(id = "6 samples", expect = Expect.ACCEPTABLE, desc = "Each is counted once.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A sample is lost or counted twice.")
	@State
	public static class NoteTwice extends Samples {

		public NoteTwice() {
			super(1);
			reset();
		}

		@Actor
		public void one() {
			buffers().note(REQUEST, true, true);
		}

		@Actor
		public void two() {
			buffers().note(REQUEST, true, true);
		}

		@Arbiter
		public void result(L_Result result) {
			buffers().flush();
			result.r1 = count() + " samples";
		}

	}

	/**
	 * A request notes its samples while they are fetched.
	 */
	@JCStressTest
	@Outcome(id = "3 samples", expect = Expect.ACCEPTABLE, desc = "Now or with the next one.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A sample is lost or counted twice.")
	@State
	public static class NoteAndFlush extends Samples {

		public NoteAndFlush() {
			super(1);
			reset();
		}

		@Actor
		public void note() {
			buffers().note(REQUEST, true, true);
		}

		@Actor
		public void flush() {
			buffers().flush();
		}

		@Arbiter
		public void result(L_Result result) {
			buffers().flush();
			result.r1 = count() + " samples";
		}

	}

	/**
	 * A request notes its samples while the application goes down, after which none is
	 * fetched.
	 */
	@JCStressTest
	@Outcome(id = "3 samples", expect = Expect.ACCEPTABLE, desc = "None waits any longer.")
	@Outcome(id = "0 samples", expect = Expect.FORBIDDEN, desc = "They wait for ever.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A sample is lost or counted twice.")
	@State
	public static class NoteAndClose extends Samples {

		public NoteAndClose() {
			super(1);
			reset();
		}

		@Actor
		public void note() {
			buffers().note(REQUEST, true, true);
		}

		@Actor
		public void close() {
			buffers().close();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = count() + " samples";
		}

	}

}
