package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.Ending;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.L_Result;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

/**
 * Races for the record of one request: {@link RequestRun}.
 */
public final class RequestRunStress {

	private RequestRunStress() {
	}

	/**
	 * The request completes while the server cancels it.
	 */
	@JCStressTest
	@Outcome(id = "no head and FATAL", expect = Expect.ACCEPTABLE, desc = "It has completed first, without a head.")
	@Outcome(id = "no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE, desc = "It was cancelled first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No record, or two.")
	@State
	public static class EndTwice {

		private final StressRequest request = new StressRequest();

		@Actor
		public void complete() {
			this.request.run().ended(Ending.COMPLETE, null);
		}

		@Actor
		public void cancel() {
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.record();
		}

	}

	/**
	 * The request is cancelled while a thread is about to run middlewares.
	 */
	@JCStressTest
	@Outcome(id = "ran, no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE,
			desc = "They have run, and the record has waited for it.")
	@Outcome(id = "refused, no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE, desc = "Nothing has run.")
	@Outcome(id = "recorded while it ran.*", expect = Expect.FORBIDDEN, desc = "The record was not final.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No record, or two.")
	@State
	public static class EndAndRun {

		private final StressRequest request = new StressRequest();

		private String ran = "refused";

		@Actor
		public void run() {
			if (this.request.run().tryAcquire()) {
				this.ran = (this.request.reports() == 0) ? "ran" : "recorded while it ran";
				this.request.run().release();
			}
		}

		@Actor
		public void cancel() {
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.ran + ", " + this.request.record();
		}

	}

	/**
	 * Two threads leave a request that has ended.
	 */
	@JCStressTest
	@Outcome(id = "no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE, desc = "The second one has recorded it.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No record, or two.")
	@State
	public static class LeaveTwice {

		private final StressRequest request = new StressRequest();

		public LeaveTwice() {
			this.request.run().tryAcquire();
			this.request.run().tryAcquire();
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Actor
		public void one() {
			this.request.run().release();
		}

		@Actor
		public void two() {
			this.request.run().release();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.record();
		}

	}

	/**
	 * The head goes out while the server cancels the request.
	 */
	@JCStressTest
	@Outcome(id = "head and OK", expect = Expect.ACCEPTABLE, desc = "The head was first, and completes the response.")
	@Outcome(id = "no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE, desc = "The cancellation was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A head that is not recorded, or a record too many.")
	@State
	public static class HeadAndCancel {

		private final StressRequest request = new StressRequest();

		@Actor
		public void head() {
			this.request.run().head(200, false, this.request.response());
		}

		@Actor
		public void cancel() {
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.record();
		}

	}

	/**
	 * The same for the head of a stream.
	 */
	@JCStressTest
	@Outcome(id = "head and GONE_AFTER_HEAD", expect = Expect.ACCEPTABLE, desc = "The head was first.")
	@Outcome(id = "no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE, desc = "The cancellation was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A head that is not recorded, or a record too many.")
	@State
	public static class StreamAndCancel {

		private final StressRequest request = new StressRequest();

		@Actor
		public void head() {
			this.request.run().head(200, true, this.request.response());
		}

		@Actor
		public void cancel() {
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.record();
		}

	}

	/**
	 * The response goes on from a middleware, and comes to another, while the server
	 * cancels the request.
	 */
	@JCStressTest
	@Outcome(id = "no head and GONE_BEFORE_HEAD", expect = Expect.ACCEPTABLE, desc = "The request is recorded.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No record, or two.")
	@State
	public static class ReturnAndCancel {

		private final StressRequest request = new StressRequest();

		private final Step step = StressLinks.step(StressLinks.link(StressLinks.STRICT, OnFailure.FAIL), this.request);

		public ReturnAndCancel() {
			this.request.run().entered(this.step);
		}

		@Actor
		public void goOn() {
			for (int i = 0; i < 10; i++) {
				this.request.run().returned(null);
				this.request.run().returned(this.step);
			}
		}

		@Actor
		public void cancel() {
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.request.record();
		}

	}

	/**
	 * The same, with a clock that goes on.
	 */
	@JCStressTest
	@Outcome(id = "adds up", expect = Expect.ACCEPTABLE, desc = "The record is final, and no time is in it twice.")
	@Outcome(id = "more than there was", expect = Expect.FORBIDDEN, desc = "Some time is counted twice, or too late.")
	@Outcome(id = "changed", expect = Expect.FORBIDDEN, desc = "The record was not final.")
	@State
	public static class ReturnAndReport {

		private final Report report = new Report();

		private final RequestRun run = RequestRun.begin(this.report, ThreadActivities.NONE, Deadlines.NONE,
				MockServerHttpRequest.get("/").build());

		private final Step step = new Step(StressLinks.link(StressLinks.STRICT, OnFailure.FAIL), this.run,
				new StressRequest().exchange(), new Signals());

		public ReturnAndReport() {
			this.run.entered(this.step);
		}

		@Actor
		public void goOn() {
			for (int i = 0; i < 10; i++) {
				this.run.returned(null);
				this.run.returned(this.step);
			}
		}

		@Actor
		public void cancel() {
			this.run.ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = (this.report.own != this.step.own()) ? "changed"
					: (this.report.own > this.report.total) ? "more than there was" : "adds up";
		}

	}

	/**
	 * One part of the chain sets the status while another asks for headers.
	 */
	@JCStressTest
	@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Both are counted.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "One has overwritten the other.")
	@State
	public static class TouchTwice {

		private final StressRequest request = new StressRequest();

		private final int before = this.request.run().touches();

		@Actor
		public void status() {
			this.request.run().statusTouched();
		}

		@Actor
		public void headers() {
			this.request.run().headersTouched();
		}

		@Arbiter
		public void result(II_Result result) {
			int touches = this.request.run().touches();
			result.r1 = (touches >>> 16) - (this.before >>> 16);
			result.r2 = (touches - this.before) & 0xFFFF;
		}

	}

	/**
	 * Keeps the own time of the middleware and that of the request, as reported.
	 */
	private static final class Report implements RequestReporter {

		private long own;

		private long total;

		@Override
		public Ticker ticker() {
			return Ticker.SYSTEM;
		}

		@Override
		public void beforeHead(RequestRecord request, int status, ServerHttpResponse response) {
		}

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result, boolean withHead) {
			StepRecord step = request.last();
			this.own = (step != null) ? step.own() : -1;
			this.total = request.total();
		}

	}

}
