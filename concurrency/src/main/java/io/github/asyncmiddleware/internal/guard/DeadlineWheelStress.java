package io.github.asyncmiddleware.internal.guard;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Races between the thread that turns a {@link DeadlineWheel} and those who set timers.
 * The wheel is turned by hand, and timers ring on the thread that turns it.
 */
public final class DeadlineWheelStress {

	private static final long TICK = 5_000_000;

	private DeadlineWheelStress() {
	}

	/**
	 * A wheel without a thread.
	 */
	private abstract static class Wheel {

		static {
			Schedulers.setFactory(new Schedulers.Factory() {

				@Override
				public Scheduler newParallel(int parallelism, ThreadFactory threads) {
					return Schedulers.immediate();
				}

			});
		}

		/** Not later than that of the wheel. */
		private final long origin = System.nanoTime();

		private final DeadlineWheel wheel = new DeadlineWheel(Unstarted::new);

		/**
		 * Turn the wheel to the tick for which timers are set now.
		 */
		void turn() {
			turnTo(1);
		}

		private void turnTo(long ahead) {
			this.wheel.turnTo((System.nanoTime() - this.origin) / TICK + ahead);
		}

		Disposable schedule(AtomicInteger rings) {
			return this.wheel.schedule(rings::incrementAndGet, 0);
		}

		/**
		 * Turn the wheel until no timer can be left.
		 */
		String settle() {
			turnTo(5);
			int timers = this.wheel.timers();
			return (timers == 0) ? "" : ", " + timers + " timers left";
		}

		static String rings(AtomicInteger rings) {
			return switch (rings.get()) {
				case 0 -> "silent";
				case 1 -> "rings";
				default -> "rings " + rings.get() + " times";
			};
		}

	}

	/**
	 * A thread that does nothing when it is started.
	 */
	private static final class Unstarted extends Thread {

		Unstarted(Runnable task) {
			super(task);
		}

		@Override
		public void start() {
			// The actors turn the wheel
		}

	}

	/**
	 * A timer is taken back while it is due.
	 */
	@JCStressTest
	@Outcome(id = "rings", expect = Expect.ACCEPTABLE, desc = "It was due first.")
	@Outcome(id = "silent", expect = Expect.ACCEPTABLE, desc = "It was taken back first.")
	@Outcome(id = ".*timers left", expect = Expect.FORBIDDEN,
			desc = "The count of timers is wrong, so the wheel never sleeps or does so too early.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It rings twice.")
	@State
	public static class TurnAndDispose extends Wheel {

		private final AtomicInteger rings = new AtomicInteger();

		private final Disposable timer;

		public TurnAndDispose() {
			this.timer = schedule(this.rings);
		}

		@Actor
		public void turnWheel() {
			turn();
		}

		@Actor
		public void dispose() {
			this.timer.dispose();
		}

		@Arbiter
		public void result(L_Result result) {
			String left = settle();
			result.r1 = rings(this.rings) + left;
		}

	}

	/**
	 * A timer is set while the wheel goes past its place.
	 */
	@JCStressTest
	@Outcome(id = "rings", expect = Expect.ACCEPTABLE, desc = "In time, or with the next tick.")
	@Outcome(id = "silent.*", expect = Expect.FORBIDDEN, desc = "The timer is lost.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It rings twice, or the count of timers is wrong.")
	@State
	public static class TurnAndSchedule extends Wheel {

		private final AtomicInteger rings = new AtomicInteger();

		public TurnAndSchedule() {
			turn();
		}

		@Actor
		public void turnWheel() {
			turn();
		}

		@Actor
		public void scheduleTimer() {
			schedule(this.rings);
		}

		@Arbiter
		public void result(L_Result result) {
			String left = settle();
			result.r1 = rings(this.rings) + left;
		}

	}

	/**
	 * Two neighbours are taken back at the same time; the timers around them ring.
	 */
	@JCStressTest
	@Outcome(id = "rings, silent, silent, rings", expect = Expect.ACCEPTABLE, desc = "The links are whole.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A timer is lost, or rings although it was taken back.")
	@State
	public static class DisposeTwice extends Wheel {

		private final AtomicInteger[] rings = new AtomicInteger[4];

		private final @Nullable Disposable[] timers = new Disposable[4];

		public DisposeTwice() {
			for (int i = 0; i < 4; i++) {
				this.rings[i] = new AtomicInteger();
				this.timers[i] = schedule(this.rings[i]);
			}
		}

		private void dispose(int index) {
			Disposable timer = this.timers[index];
			if (timer != null) {
				timer.dispose();
			}
		}

		@Actor
		public void disposeOne() {
			dispose(1);
		}

		@Actor
		public void disposeTwo() {
			dispose(2);
		}

		@Arbiter
		public void result(L_Result result) {
			String left = settle();
			result.r1 = rings(this.rings[0]) + ", " + rings(this.rings[1]) + ", " + rings(this.rings[2]) + ", "
					+ rings(this.rings[3]) + left;
		}

	}

	/**
	 * A timer is taken back twice at the same time.
	 */
	@JCStressTest
	@Outcome(id = "silent", expect = Expect.ACCEPTABLE, desc = "It is taken back once.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It rings, or the count of timers is wrong.")
	@State
	public static class DisposeTheSame extends Wheel {

		private final AtomicInteger rings = new AtomicInteger();

		private final Disposable timer;

		public DisposeTheSame() {
			this.timer = schedule(this.rings);
		}

		@Actor
		public void one() {
			this.timer.dispose();
		}

		@Actor
		public void two() {
			this.timer.dispose();
		}

		@Arbiter
		public void result(L_Result result) {
			String left = settle();
			result.r1 = rings(this.rings) + left;
		}

	}

}
