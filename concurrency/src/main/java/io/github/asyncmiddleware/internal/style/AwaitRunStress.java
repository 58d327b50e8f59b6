package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.OnFailure;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Races in a middleware that awaits the response: {@link AwaitRun} and what it takes part
 * in, from the handler to the server.
 */
public final class AwaitRunStress {

	private AwaitRunStress() {
	}

	/**
	 * The middleware gives up waiting while the rest answers.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The rest was first.")
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class TimeoutAndAnswer extends Awaited {

		public TimeoutAndAnswer() {
			super(middleware(0, OnFailure.FAIL, null, timeout()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same with one more middleware that awaits, further in.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The rest was first.")
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class TimeoutAndInnerRelease extends Awaited {

		public TimeoutAndInnerRelease() {
			super(middleware(0, OnFailure.FAIL, null, timeout()), middleware(1, OnFailure.FAIL, null, pass()));
		}

		@Actor
		public void answer() {
			emit();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware gives up waiting while another one, further in, starts the rest.
	 */
	@JCStressTest
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The rest is given up, started or not.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN,
			desc = "The one further in was shown the answer of the other.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest answers, which was given up.")
	@State
	public static class TimeoutAndInnerStart extends Awaited {

		public TimeoutAndInnerStart() {
			super(middleware(0, OnFailure.FAIL, null, timeout()), middleware(1, OnFailure.FAIL, null, late()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = summary();
		}

	}

	/**
	 * The middleware returns next while another thread subscribes to it.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, completes", expect = Expect.ACCEPTABLE, desc = "The rest runs once, for either.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The response is held and never sent.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Another answer.")
	@State
	public static class ReturnAndSubscription extends Awaited {

		public ReturnAndSubscription() {
			super(middleware(0, OnFailure.FAIL, null, late()), middleware(1, OnFailure.FAIL, null, returned()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void subscribe() {
			subscribeToNext();
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = summary();
		}

	}

	/**
	 * The middleware starts the rest while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "Nothing is sent; an end that was on its way may still come.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The rest answers, which was cancelled.")
	@State
	public static class StartAndCancel extends Awaited {

		public StartAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, late()));
		}

		@Actor
		public void startRest() {
			start();
		}

		@Actor
		public void cancel() {
			cancelRequest();
		}

		@Arbiter
		public void result(L_Result result) {
			emit();
			result.r1 = summary();
		}

	}

	/**
	 * The middleware gives up waiting while the rest fails.
	 */
	@JCStressTest
	@Outcome(id = "nothing, fails with UnsupportedOperationException", expect = Expect.ACCEPTABLE,
			desc = "The rest was first.")
	@Outcome(id = "504, completes", expect = Expect.ACCEPTABLE, desc = "The middleware was first.")
	@Outcome(id = "nothing, completes", expect = Expect.FORBIDDEN, desc = "The request ends without a response.")
	@Outcome(id = "504 mark.*", expect = Expect.FORBIDDEN, desc = "The head of one attempt, the status of another.")
	@Outcome(id = ".*hears nothing", expect = Expect.FORBIDDEN, desc = "The request never ends.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class TimeoutAndFailure extends Awaited {

		public TimeoutAndFailure() {
			super(middleware(0, OnFailure.FAIL, null, timeout()));
		}

		@Actor
		public void failRest() {
			fail();
		}

		@Actor
		public void giveUp() {
			timer();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The middleware answers itself while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "(nothing|504), (completes|hears nothing), leaked", expect = Expect.ACCEPTABLE,
			desc = "Sent or not; the buffer of the rest was never emitted.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn or sent twice.")
	@State
	public static class TimeoutAndCancel extends Awaited {

		public TimeoutAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, timeout()));
		}

		@Actor
		public void giveUp() {
			timer();
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
	 * The rest answers while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The answer was first.")
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The cancellation was first; an end that was on its way may still come.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn, or a buffer is not released once.")
	@State
	public static class AnswerAndCancel extends Awaited {

		public AnswerAndCancel() {
			super(middleware(0, OnFailure.FAIL, null, pass()));
		}

		@Actor
		public void answer() {
			emit();
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
	 * The middleware lets go the response that it was shown while the request is
	 * cancelled.
	 */
	@JCStressTest
	@Outcome(id = "201 mark rest, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The response was on its way.")
	@Outcome(id = "nothing, (completes|hears nothing)", expect = Expect.ACCEPTABLE,
			desc = "The cancellation was first; an end that was on its way may still come.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is torn, or a buffer is not released once.")
	@State
	public static class LetGoAndCancel extends Awaited {

		public LetGoAndCancel() {
			super(true, middleware(0, OnFailure.FAIL, null, delay()));
		}

		@Actor
		public void letGo() {
			timer();
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

}
