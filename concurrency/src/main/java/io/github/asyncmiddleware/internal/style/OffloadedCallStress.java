package io.github.asyncmiddleware.internal.style;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.concurrency.Signals;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * Races for the state of one {@link OffloadedCall}.
 */
public final class OffloadedCallStress {

	private OffloadedCallStress() {
	}

	/**
	 * A call that waits for its worker to run.
	 */
	private abstract static class Call {

		private final Signals signals;

		private final AtomicInteger calls = new AtomicInteger();

		private final AtomicInteger discards = new AtomicInteger();

		private final Offloader offloader = new Offloader(this::execute, 1, 1);

		private @Nullable Runnable worker;

		private volatile boolean interruptedLater;

		Call(boolean asks) {
			this.signals = new Signals(asks);
			Callable<String> work = () -> "value" + this.calls.incrementAndGet();
			Mono<String> call = this.offloader.limit(1).call(work, (value) -> false);
			call.contextWrite(
					(context) -> Operators.enableOnDiscard(context, (value) -> this.discards.incrementAndGet()))
				.subscribe(this.signals);
		}

		private void execute(Runnable worker) {
			this.worker = worker;
		}

		Signals signals() {
			return this.signals;
		}

		void run() {
			Runnable worker = this.worker;
			if (worker != null) {
				worker.run();
			}
			this.interruptedLater = Thread.interrupted();
		}

		String summary() {
			return "called " + this.calls.get() + ", emitted " + this.signals.values() + ", discarded "
					+ this.discards.get() + ", " + this.signals + (this.interruptedLater ? ", interrupted later" : "")
					+ ((this.offloader.active() + this.offloader.abandoned() > 0) ? ", a permit is lost" : "");
		}

	}

	/**
	 * The work is done while its request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "called 1, emitted 1, discarded 0, completes", expect = Expect.ACCEPTABLE,
			desc = "The value was first.")
	@Outcome(id = "called 1, emitted 1, discarded 0, hears nothing", expect = Expect.FORBIDDEN,
			desc = "A value without an end.")
	@Outcome(id = "called 1, emitted 0, discarded 1, hears nothing", expect = Expect.ACCEPTABLE,
			desc = "Cancelled during the work or after it, and the value is discarded.")
	@Outcome(id = "called 1, emitted 0, discarded 0, hears nothing", expect = Expect.FORBIDDEN,
			desc = "The value is lost.")
	@Outcome(id = "called 0, emitted 0, discarded 0, hears nothing", expect = Expect.ACCEPTABLE,
			desc = "Cancelled before the work.")
	@Outcome(id = ".*interrupted later.*", expect = Expect.FORBIDDEN,
			desc = "The interrupt hits what comes after the work.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A value too many, or a permit is lost.")
	@State
	public static class RunAndCancel extends Call {

		public RunAndCancel() {
			super(true);
		}

		@Actor
		public void work() {
			run();
		}

		@Actor
		public void cancel() {
			signals().cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The work is done while its value is asked for.
	 */
	@JCStressTest
	@Outcome(id = "called 1, emitted 1, discarded 0, completes", expect = Expect.ACCEPTABLE,
			desc = "The second of both emits the value.")
	@Outcome(id = "called 1, emitted 0, discarded 0, hears nothing", expect = Expect.FORBIDDEN,
			desc = "The value is never emitted.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A value too many, or a permit is lost.")
	@State
	public static class RunAndRequest extends Call {

		public RunAndRequest() {
			super(false);
		}

		@Actor
		public void work() {
			run();
		}

		@Actor
		public void request() {
			signals().request();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

	/**
	 * The value is there and is asked for while the request is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "called 1, emitted 1, discarded 0, completes", expect = Expect.ACCEPTABLE,
			desc = "It was asked for first.")
	@Outcome(id = "called 1, emitted 0, discarded 1, hears nothing", expect = Expect.ACCEPTABLE,
			desc = "Cancelled first, and the value is discarded.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The value is lost, or both emitted and discarded.")
	@State
	public static class RequestAndCancel extends Call {

		public RequestAndCancel() {
			super(false);
			run();
		}

		@Actor
		public void request() {
			signals().request();
		}

		@Actor
		public void cancel() {
			signals().cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary();
		}

	}

}
