package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IL_Result;
import org.openjdk.jcstress.infra.results.ZII_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZL_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import reactor.core.publisher.Mono;

/**
 * Races for the word of one {@link Step}.
 */
public final class StepStress {

	private static final Link STRICT = StressLinks.link(StressLinks.STRICT, OnFailure.FAIL);

	private static final Link LENIENT = StressLinks.link(MisuseGuard.OFF, OnFailure.FAIL);

	private static final Link SKIPPED = StressLinks.link(StressLinks.STRICT, OnFailure.SKIP);

	private StepStress() {
	}

	/**
	 * A middleware subscribes to next twice at the same time.
	 */
	@JCStressTest
	@Outcome(id = { "true, false", "false, true" }, expect = Expect.ACCEPTABLE, desc = "The rest runs once.")
	@Outcome(id = "true, true", expect = Expect.FORBIDDEN, desc = "The rest runs twice.")
	@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "The rest does not run at all.")
	@State
	public static class HandOverTwice {

		private final StressRequest request = new StressRequest();

		private final Step step = StressLinks.step(STRICT, this.request);

		@Actor
		public void one(ZZ_Result result) {
			result.r1 = Handover.isAllowed(this.step, this.request.exchange());
		}

		@Actor
		public void two(ZZ_Result result) {
			result.r2 = Handover.isAllowed(this.step, this.request.exchange());
		}

	}

	/**
	 * A middleware completes without waiting for the rest, while that ends.
	 */
	@JCStressTest
	@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "The end was held, and the rest gives it free.")
	@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "The rest had ended, so nothing is held.")
	@Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "The end is held for ever.")
	@Outcome(id = "false, true", expect = Expect.FORBIDDEN, desc = "The middleware ends twice.")
	@State
	public static class HoldAndEnd {

		private final Step step;

		public HoldAndEnd() {
			StressRequest request = new StressRequest();
			this.step = StressLinks.step(STRICT, request);
			Handover.isAllowed(this.step, request.exchange());
		}

		@Actor
		public void complete(ZZ_Result result) {
			result.r1 = Handover.holds(this.step);
		}

		@Actor
		public void endRest(ZZ_Result result) {
			result.r2 = Handover.ended(this.step, 1, null) == StepState.HELD;
		}

	}

	/**
	 * The same where the engine does not step in.
	 */
	@JCStressTest
	@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "The rest has ended the middleware meanwhile.")
	@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "The middleware ends by itself.")
	@Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "The end is held for ever.")
	@Outcome(id = "false, true", expect = Expect.FORBIDDEN, desc = "The middleware ends twice.")
	@State
	public static class HoldLenientlyAndEnd {

		private final Step step;

		public HoldLenientlyAndEnd() {
			StressRequest request = new StressRequest();
			this.step = StressLinks.step(LENIENT, request);
			Handover.isAllowed(this.step, request.exchange());
		}

		@Actor
		public void complete(ZZ_Result result) {
			result.r1 = Handover.holds(this.step);
		}

		@Actor
		public void endRest(ZZ_Result result) {
			result.r2 = Handover.ended(this.step, 1, null) == StepState.HELD;
		}

	}

	/**
	 * A middleware cancels the rest, and could run it again, while that completes.
	 */
	@JCStressTest
	@Outcome(id = "false, 3, 3", expect = Expect.ACCEPTABLE, desc = "The rest has completed, and cannot run again.")
	@Outcome(id = "false, 1, 5", expect = Expect.ACCEPTABLE, desc = "The rest was cancelled, and can run again.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Neither, or the end is taken for one that is held.")
	@State
	public static class CancelAndEnd {

		private final Step step;

		public CancelAndEnd() {
			StressRequest request = new StressRequest();
			this.step = StressLinks.step(STRICT, request);
			Handover.isAllowed(this.step, request.exchange());
		}

		@Actor
		public void endRest(ZII_Result result) {
			result.r1 = Handover.ended(this.step, 1, null) == StepState.HELD;
		}

		@Actor
		public void cancel(ZII_Result result) {
			result.r2 = Handover.cancelled(this.step, 1);
		}

		@Arbiter
		public void phase(ZII_Result result) {
			result.r3 = StepState.phase(this.step.word());
		}

	}

	/**
	 * A middleware that has not waited for the rest cancels that while it completes.
	 */
	@JCStressTest
	@Outcome(id = "true, 3", expect = Expect.ACCEPTABLE, desc = "The end is let go with that of the rest.")
	@Outcome(id = "false, 2", expect = Expect.ACCEPTABLE, desc = "The end is let go with the cancellation.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The end is let go twice, or never.")
	@State
	public static class CancelHeldAndEnd {

		private final Step step;

		public CancelHeldAndEnd() {
			StressRequest request = new StressRequest();
			this.step = StressLinks.step(STRICT, request);
			Handover.isAllowed(this.step, request.exchange());
			Handover.holds(this.step);
		}

		@Actor
		public void endRest(ZI_Result result) {
			result.r1 = Handover.ended(this.step, 1, null) == StepState.HELD;
		}

		@Actor
		public void cancel(ZI_Result result) {
			result.r2 = Handover.cancelled(this.step, 1);
		}

	}

	/**
	 * A deadline skips the middleware while it hands over.
	 */
	@JCStressTest
	@Outcome(id = "true, false, TIMEOUT_OPEN", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "false, true, PASSED", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "true, true.*", expect = Expect.FORBIDDEN, desc = "The rest runs twice.")
	@Outcome(id = "false, false.*", expect = Expect.FORBIDDEN, desc = "The rest does not run at all.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The result tells of the one that was second.")
	@State
	public static class SkipAndHandOver {

		private final StressRequest request = new StressRequest();

		private final Step step = StressLinks.step(SKIPPED, this.request);

		@Actor
		public void skip(ZZL_Result result) {
			result.r1 = Verdict.trySkip(this.step, new DeadlineException());
		}

		@Actor
		public void handOver(ZZL_Result result) {
			result.r2 = Handover.isAllowed(this.step, this.request.exchange());
		}

		@Arbiter
		public void result(ZZL_Result result) {
			result.r3 = this.step.result();
		}

	}

	/**
	 * A member of a group fails while another one has decided.
	 */
	@JCStressTest
	@Outcome(id = "6, CANCELLED", expect = Expect.ACCEPTABLE, desc = "It is over and has lost, whatever was first.")
	@Outcome(id = "0, CANCELLED", expect = Expect.FORBIDDEN, desc = "It has failed, and is taken to be at work.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another result.")
	@State
	public static class FailAndLose {

		private final StressRequest request = new StressRequest();

		private final Step step = StressLinks.step(STRICT, this.request);

		private final GroupMember member = new GroupMember(new GroupRun(this.request.exchange(), this.step), this.step,
				Mono.never(), null);

		@Actor
		public void fail() {
			Verdict.failed(this.step, new UnsupportedOperationException());
		}

		@Actor
		public void lose() {
			this.member.lost();
		}

		@Arbiter
		public void result(IL_Result result) {
			result.r1 = StepState.phase(this.step.word());
			result.r2 = this.step.result();
		}

	}

	/**
	 * A deadline skips the middleware while it answers, which then cannot be sent.
	 */
	@JCStressTest
	@Outcome(id = "false, 0", expect = Expect.ACCEPTABLE, desc = "It has decided first, so it is not skipped.")
	@Outcome(id = "true, 1", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "true, 0", expect = Expect.FORBIDDEN, desc = "It refuses, and the request goes on.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The deadline is too late although nothing was before it.")
	@State
	public static class SkipAndAnswerInVain {

		private final StressRequest request = new StressRequest();

		private final Step step = StressLinks.step(SKIPPED, this.request);

		@Actor
		public void skip(ZI_Result result) {
			result.r1 = Verdict.trySkip(this.step, new DeadlineException());
		}

		@Actor
		public void answer(ZI_Result result) {
			result.r2 = StepState.phase(this.step.markAnswering());
			this.step.markUnanswered();
		}

	}

}
