package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressClock;
import io.github.asyncmiddleware.concurrency.StressRequest;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Races for the state of one {@link Deadline}.
 */
public final class DeadlineStress {

	private static final long TIMEOUT = 200_000_000;

	private DeadlineStress() {
	}

	/**
	 * A middleware at work that has used up part of its time.
	 */
	private abstract static class Work {

		private final StressClock clock = new StressClock();

		private final Source<Void> source = new Source<>();

		private final Signals signals = new Signals();

		private final Deadline<Void> deadline = new Deadline<>(this.signals, this.clock,
				new StressRequest(this.clock).run(), TIMEOUT);

		Work(long used) {
			this.deadline.subscribeTo(this.source.mono());
			this.clock.now(used);
		}

		StressClock clock() {
			return this.clock;
		}

		Source<Void> source() {
			return this.source;
		}

		Signals signals() {
			return this.signals;
		}

		Deadline<Void> deadline() {
			return this.deadline;
		}

		String summary() {
			return this.signals + (this.source.isCancelled() ? ", work cancelled" : "")
					+ (this.deadline.hasPassed() ? ", passed" : "");
		}

	}

	/**
	 * The work ends while its time is used up.
	 */
	@JCStressTest
	@Outcome(id = "completes, 0 timers", expect = Expect.ACCEPTABLE, desc = "The work was first.")
	@Outcome(id = "fails with DeadlineException, work cancelled, passed, 0 timers", expect = Expect.ACCEPTABLE,
			desc = "The deadline was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Two ends, none, or a timer that is forgotten.")
	@State
	public static class RingAndEnd extends Work {

		public RingAndEnd() {
			super(TIMEOUT);
		}

		@Actor
		public void ring() {
			clock().ring();
		}

		@Actor
		public void end() {
			source().complete();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + ", " + clock().timers() + " timers";
		}

	}

	/**
	 * The request is cancelled while the time is used up.
	 */
	@JCStressTest
	@Outcome(id = "hears nothing, work cancelled, 0 timers", expect = Expect.ACCEPTABLE, desc = "Cancelled first.")
	@Outcome(id = "fails with DeadlineException, work cancelled, passed, 0 timers", expect = Expect.ACCEPTABLE,
			desc = "The deadline was first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The work goes on, or a timer is forgotten.")
	@State
	public static class RingAndCancel extends Work {

		public RingAndCancel() {
			super(TIMEOUT);
		}

		@Actor
		public void ring() {
			clock().ring();
		}

		@Actor
		public void cancel() {
			signals().cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + ", " + clock().timers() + " timers";
		}

	}

	/**
	 * The middleware hands over while its time is used up.
	 */
	@JCStressTest
	@Outcome(id = "hears nothing, handed over", expect = Expect.ACCEPTABLE, desc = "Handed over first.")
	@Outcome(id = "fails with DeadlineException, work cancelled, passed, refused", expect = Expect.ACCEPTABLE,
			desc = "The deadline was first, so the middleware may not hand over.")
	@Outcome(id = ".*passed, handed over", expect = Expect.FORBIDDEN, desc = "Given up, and the rest runs as well.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Neither of the two.")
	@State
	public static class RingAndHandOver extends Work {

		private boolean handedOver;

		public RingAndHandOver() {
			super(TIMEOUT);
		}

		@Actor
		public void ring() {
			clock().ring();
		}

		@Actor
		public void handOver() {
			this.handedOver = deadline().stopClock();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + (this.handedOver ? ", handed over" : ", refused");
		}

	}

	/**
	 * A timer rings too early, since the client was waited for, while the clock is
	 * stopped and started again.
	 */
	@JCStressTest
	@Outcome(id = "hears nothing, 1 timers", expect = Expect.ACCEPTABLE, desc = "Time is left, and a timer is set.")
	@Outcome(id = "hears nothing, 2 timers", expect = Expect.FORBIDDEN, desc = "A timer that nothing takes back.")
	@Outcome(id = ".*passed.*", expect = Expect.FORBIDDEN, desc = "Given up with time left.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "No timer is set any more.")
	@State
	public static class RingEarlyAndRestart extends Work {

		public RingEarlyAndRestart() {
			super(TIMEOUT * 3 / 4);
		}

		@Actor
		public void ring() {
			clock().ring();
		}

		@Actor
		public void restart() {
			deadline().stopClock();
			deadline().startClock();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + ", " + clock().timers() + " timers";
		}

	}

	/**
	 * The rest has ended, so the clock starts again, while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "hears nothing, work cancelled, 0 timers", expect = Expect.ACCEPTABLE, desc = "No timer is left.")
	@Outcome(id = ".*1 timers", expect = Expect.FORBIDDEN, desc = "A timer keeps a request that has ended.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The work goes on.")
	@State
	public static class StartAndCancel extends Work {

		public StartAndCancel() {
			super(TIMEOUT / 2);
			deadline().stopClock();
		}

		@Actor
		public void start() {
			deadline().startClock();
		}

		@Actor
		public void cancel() {
			signals().cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary() + ", " + clock().timers() + " timers";
		}

	}

	/**
	 * The time is used up and the work is waited for nevertheless, while the request is
	 * cancelled.
	 */
	@JCStressTest
	@Outcome(id = "hears nothing, work cancelled, 0 timers", expect = Expect.ACCEPTABLE, desc = "The work is over.")
	@Outcome(id = "hears nothing, 0 timers", expect = Expect.FORBIDDEN,
			desc = "The cancellation is lost, and the work goes on.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "An end after the cancellation, or a timer that is forgotten.")
	@State
	public static class WaitAndCancel {

		private final StressClock clock = new StressClock();

		private final Source<Void> source = new Source<>();

		private final Signals signals = new Signals();

		private final Deadline<Void> deadline = new Deadline<>(this.signals, this.clock,
				new StressRequest(this.clock).run(), TIMEOUT) {

			@Override
			void passed() {
				if (!tryWait()) {
					cancelWork();
				}
			}

		};

		public WaitAndCancel() {
			this.deadline.subscribeTo(this.source.mono());
			this.clock.now(TIMEOUT);
		}

		@Actor
		public void ring() {
			this.clock.ring();
		}

		@Actor
		public void cancel() {
			this.signals.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.signals + (this.source.isCancelled() ? ", work cancelled" : "") + ", "
					+ this.clock.timers() + " timers";
		}

	}

}
