package io.github.asyncmiddleware.internal.style;

import java.time.Duration;

import io.github.asyncmiddleware.OnFailure;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Races between the deadline of a middleware that awaits the response and what it decides
 * in that moment.
 */
public final class AwaitDeadlineStress {

	private AwaitDeadlineStress() {
	}

	/**
	 * The own time of the middleware is used up while it lets the response go.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, fails with DeadlineException", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class DeadlineAndLetGo extends Awaited {

		public DeadlineAndLetGo() {
			super(true, middleware(0, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), delay()));
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same where the request goes on without the middleware.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE,
			desc = "The response goes out, whichever lets it go.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class SkipAndLetGo extends Awaited {

		public SkipAndLetGo() {
			super(true, middleware(0, OnFailure.SKIP, Duration.ofNanos(TIMEOUT), delay()));
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware lets the response go on one thread, while the one that has shown it
	 * still takes it from the rest; then the head waits for longer than the time that the
	 * middleware has left.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE,
			desc = "The head does not wait for the middleware, so it has all of its time left.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The middleware is given up after it has decided.")
	@State
	public static class DecisionAndTake extends Awaited {

		private boolean decided;

		public DecisionAndTake() {
			super(middleware(0, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), delayBeforeAction()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void letGo() {
			this.decided = tryLetGo();
		}

		@Arbiter
		public void result(L_Result result) {
			if (!this.decided) {
				timer();
			}
			deadline();
			start();
			result.r1 = summary();
		}

	}

	/**
	 * The own time of the middleware is used up while it sends an answer of its own.
	 */
	@JCStressTest
	@Outcome(id = "504, completes, leaked", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, fails with DeadlineException, leaked", expect = Expect.ACCEPTABLE,
			desc = "The deadline was first.")
	@Outcome(id = "504, fails .*", expect = Expect.FORBIDDEN, desc = "An answer that is sent is broken off.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another answer.")
	@State
	public static class DeadlineAndOwnAnswer extends Awaited {

		public DeadlineAndOwnAnswer() {
			super(middleware(0, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), answers()));
		}

		@Actor
		public void answer() {
			timer();
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same where the request goes on without the middleware.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "waits 201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another answer, or two.")
	@State
	public static class SkipAndOwnAnswer extends Awaited {

		public SkipAndOwnAnswer() {
			super(middleware(0, OnFailure.SKIP, Duration.ofNanos(TIMEOUT), answers()));
		}

		@Actor
		public void answer() {
			timer();
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summaryAfterBody();
		}

	}

	/**
	 * The own time of the middleware is used up, and the response would go on without it,
	 * while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The response was on its way.")
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The cancellation was first.")
	@Outcome(id = ".*leaked", expect = Expect.FORBIDDEN, desc = "The response is held for ever.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn.")
	@State
	public static class SkipAndCancel extends Awaited {

		public SkipAndCancel() {
			super(true, middleware(0, OnFailure.SKIP, Duration.ofNanos(TIMEOUT), delay()));
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void cancel() {
			cancelRequest();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The own time of the middleware is used up, while the filter further out gives it up
	 * and answers itself.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The filter was first, or could not know.")
	@Outcome(id = "nothing, fails with DeadlineException", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "Both answers are lost.")
	@Outcome(id = ".*mark.*", expect = Expect.FORBIDDEN, desc = "The answer of the rest is not given up.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class DeadlineAndOuterAnswer extends Awaited {

		public DeadlineAndOuterAnswer() {
			super(true, impatient(), middleware(1, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), delay()));
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same with a filter that is none of ours.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The filter was first, or could not know.")
	@Outcome(id = "nothing, fails with DeadlineException", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "Both answers are lost.")
	@Outcome(id = ".*mark.*", expect = Expect.FORBIDDEN, desc = "The answer of the rest is not given up.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class DeadlineAndForeignAnswer extends Awaited {

		public DeadlineAndForeignAnswer() {
			super(true, Awaited::impatient, middleware(0, OnFailure.FAIL, Duration.ofNanos(TIMEOUT), delay()));
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The own time of a middleware whose rest has failed is used up, while the filter
	 * further out gives it up and answers itself.
	 */
	private abstract static class DeadlineBehindFailure extends Awaited {

		DeadlineBehindFailure(OnFailure onFailure) {
			super(impatient(), middleware(1, onFailure, Duration.ofNanos(TIMEOUT), recovers()));
			fail();
		}

	}

	/**
	 * It has no right to fail.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The filter was first, or could not know.")
	@Outcome(id = "nothing, fails with DeadlineException", expect = Expect.ACCEPTABLE, desc = "The deadline was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The answer of the filter is lost.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class DeadlineBehindFailureAndOuterAnswer extends DeadlineBehindFailure {

		public DeadlineBehindFailureAndOuterAnswer() {
			super(OnFailure.FAIL);
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The request goes on without it.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The filter was first, or could not know.")
	@Outcome(id = "nothing, fails with UnsupportedOperationException", expect = Expect.ACCEPTABLE,
			desc = "The deadline was first, and the failure of the rest is left.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The answer of the filter is lost.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class SkipBehindFailureAndOuterAnswer extends DeadlineBehindFailure {

		public SkipBehindFailureAndOuterAnswer() {
			super(OnFailure.SKIP);
		}

		@Actor
		public void ring() {
			deadline();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * A deadline lets an answer go, the head of which waits, while a filter that is none
	 * of ours gives it up and answers itself.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The answer of the filter.")
	@Outcome(id = "504 mark, completes", expect = Expect.ACCEPTABLE,
			desc = "The same, with a header of an answer that was let go: the filter has no head to go back to.")
	@Outcome(id = "nothing, .*", expect = Expect.FORBIDDEN, desc = "It was dropped for one that was taken back.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class SkipBeforeActionAndForeignAnswer extends Awaited {

		public SkipBeforeActionAndForeignAnswer() {
			super(true, Awaited::impatient,
					middleware(0, OnFailure.SKIP, Duration.ofNanos(TIMEOUT), holdsBeforeAction()));
		}

		@Actor
		public void letGo() {
			deadline();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			act();
			result.r1 = summary();
		}

	}

	/**
	 * A middleware lets an answer go, the head of which waits, while one further out
	 * gives it up and answers itself.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The answer of the filter.")
	@Outcome(id = "nothing, .*", expect = Expect.FORBIDDEN, desc = "It was dropped for one that was taken back.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another end.")
	@State
	public static class LetGoBeforeActionAndOuterAnswer extends Awaited {

		public LetGoBeforeActionAndOuterAnswer() {
			super(true, impatient(), middleware(1, OnFailure.FAIL, null, holdsBeforeAction()));
		}

		@Actor
		public void letGo() {
			timer();
		}

		@Actor
		public void giveUp() {
			start();
		}

		@Arbiter
		public void result(L_Result result) {
			act();
			result.r1 = summary();
		}

	}

}
