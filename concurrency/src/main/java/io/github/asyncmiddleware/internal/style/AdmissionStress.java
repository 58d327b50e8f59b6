package io.github.asyncmiddleware.internal.style;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.style.BoundedCall.Stage;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Races for the permits and the queue of an {@link Offloader}: {@link Admission} and
 * those who take and give.
 */
public final class AdmissionStress {

	private AdmissionStress() {
	}

	/**
	 * A call that counts what is done to it.
	 */
	private static final class Call extends BoundedCall {

		private final AtomicInteger runs = new AtomicInteger();

		private final AtomicInteger sheds = new AtomicInteger();

		Call(Limit limit) {
			super(limit);
		}

		@Override
		boolean work() {
			this.runs.incrementAndGet();
			return false;
		}

		@Override
		void emit() {
		}

		@Override
		void shed() {
			this.sheds.incrementAndGet();
		}

		@Override
		public String toString() {
			String text = (this.runs.get() == 1) ? "runs" : (this.runs.get() > 1) ? "runs twice" : "";
			if (this.sheds.get() > 0) {
				text += (text.isEmpty() ? "" : " and ") + ((this.sheds.get() > 1) ? "shed twice" : "shed");
			}
			if (!text.isEmpty()) {
				return text;
			}
			return (this.stage == Stage.WAITING) ? "waits" : "gone";
		}

	}

	/**
	 * Permits and a queue of one place. One call of a middleware is at work, a second is
	 * about to come.
	 */
	private abstract static class Permits {

		private final Deque<Runnable> workers = new ArrayDeque<>();

		private final Offloader offloader;

		private final Call working;

		private final Call call;

		Permits(int permits, int limit) {
			this.offloader = new Offloader(this::execute, permits, 1);
			Limit shared = this.offloader.limit(limit);
			this.working = new Call(shared);
			this.call = new Call(shared);
			this.offloader.start(this.working);
			this.workers.clear();
		}

		private void execute(Runnable worker) {
			synchronized (this.workers) {
				this.workers.add(worker);
			}
		}

		Offloader offloader() {
			return this.offloader;
		}

		void endWorking() {
			this.offloader.finished(this.working, false);
		}

		void start() {
			this.offloader.start(this.call);
		}

		void abandon() {
			this.offloader.abandon(this.call);
		}

		/**
		 * Run all workers, and tell how the second call has ended.
		 */
		String summary() {
			Runnable worker = this.workers.poll();
			while (worker != null) {
				worker.run();
				worker = this.workers.poll();
			}
			return this.call + ", " + this.offloader.active() + " active, " + this.offloader.queued() + " queued, "
					+ this.offloader.abandoned() + " abandoned";
		}

	}

	/**
	 * A call comes while the one before it gives its permit back.
	 */
	@JCStressTest
	@Outcome(id = "runs, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It has found the permit, or was found waiting.")
	@Outcome(id = "waits.*", expect = Expect.FORBIDDEN, desc = "It waits although a permit is free.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It runs twice or never, or a permit is lost.")
	@State
	public static class StartAndEnd extends Permits {

		public StartAndEnd() {
			super(1, 2);
		}

		@Actor
		public void startCall() {
			start();
		}

		@Actor
		public void end() {
			endWorking();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The same where the limit of the middleware is what it waits for.
	 */
	@JCStressTest
	@Outcome(id = "runs, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It has found room, or was found waiting.")
	@Outcome(id = "waits.*", expect = Expect.FORBIDDEN, desc = "It waits although there is room.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It runs twice or never, or a permit is lost.")
	@State
	public static class StartAndEndLimited extends Permits {

		public StartAndEndLimited() {
			super(2, 1);
		}

		@Actor
		public void startCall() {
			start();
		}

		@Actor
		public void end() {
			endWorking();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * A call comes while its request is cancelled; the one before it ends later.
	 */
	@JCStressTest
	@Outcome(id = "(gone|shed), 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It has left the queue, or was not let in.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It waits for ever, or a count is wrong.")
	@State
	public static class StartAndAbandon extends Permits {

		public StartAndAbandon() {
			super(1, 2);
		}

		@Actor
		public void startCall() {
			start();
		}

		@Actor
		public void abandonCall() {
			abandon();
		}

		@Arbiter
		public void result(L_Result result) {
			endWorking();
			result.r1 = summary();
		}

	}

	/**
	 * A call is cancelled while the one before it gives its permit back.
	 */
	@JCStressTest
	@Outcome(id = "runs, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It was admitted first, and keeps its permit until it has ended.")
	@Outcome(id = "gone, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It has left the queue first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It waits for ever, or a count is wrong.")
	@State
	public static class EndAndAbandon extends Permits {

		public EndAndAbandon() {
			super(1, 2);
			start();
		}

		@Actor
		public void end() {
			endWorking();
		}

		@Actor
		public void abandonCall() {
			abandon();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * A call comes while the application goes down; the one before it ends later.
	 */
	@JCStressTest
	@Outcome(id = "shed, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It is turned away, from the queue or before.")
	@Outcome(id = "waits.*", expect = Expect.FORBIDDEN, desc = "It waits for ever.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It is shed twice or never, or a count is wrong.")
	@State
	public static class StartAndClose extends Permits {

		public StartAndClose() {
			super(1, 2);
		}

		@Actor
		public void startCall() {
			start();
		}

		@Actor
		public void close() {
			offloader().close();
		}

		@Arbiter
		public void result(L_Result result) {
			endWorking();
			result.r1 = summary();
		}

	}

	/**
	 * A call waits while the application goes down and the one before it ends.
	 */
	@JCStressTest
	@Outcome(id = "runs, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE, desc = "It was admitted first.")
	@Outcome(id = "shed, 0 active, 0 queued, 0 abandoned", expect = Expect.ACCEPTABLE,
			desc = "It was turned away first.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It runs and is shed, or neither, or a count is wrong.")
	@State
	public static class EndAndClose extends Permits {

		public EndAndClose() {
			super(1, 2);
			start();
		}

		@Actor
		public void end() {
			endWorking();
		}

		@Actor
		public void close() {
			offloader().close();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

}
