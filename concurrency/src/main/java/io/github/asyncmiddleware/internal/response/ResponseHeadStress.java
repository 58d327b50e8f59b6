package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.concurrency.StressRequest;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Races for what is kept of a head: {@link ResponseHead}.
 */
public final class ResponseHeadStress {

	private ResponseHeadStress() {
	}

	/**
	 * A part of the chain that is given up begins another one, which keeps the head,
	 * while the next attempt begins.
	 */
	@JCStressTest
	@Outcome(id = "(set|clean), clean", expect = Expect.ACCEPTABLE, desc = "The next attempt begins with nothing.")
	@Outcome(id = ".*, set", expect = Expect.FORBIDDEN, desc = "It begins with what the one before has set.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A head is kept that never was.")
	@State
	public static class KeepAndDiscard {

		private final StressRequest request = new StressRequest();

		private final AttemptExchange attempt = this.request.begin();

		private final ResponseCommit commit = this.attempt.commit();

		private @Nullable String inner;

		private @Nullable String next;

		public KeepAndDiscard() {
			this.attempt.getResponse().getHeaders().add("mark", "one");
			this.attempt.getResponse().getHeaders().add("mark", "two");
		}

		@Actor
		public void keep() {
			this.inner = kept();
		}

		@Actor
		public void discard() {
			this.attempt.discard();
			this.next = kept();
		}

		private String kept() {
			try {
				ResponseHead head = this.commit.head();
				return (head.headers() == null) ? "clean"
						: (head.headers().getOrEmpty("mark").size() == 2) ? "set" : "torn";
			}
			catch (RuntimeException ex) {
				return ex.getClass().getSimpleName();
			}
		}

		@Arbiter
		public void result(LL_Result result) {
			result.r1 = this.inner;
			result.r2 = this.next;
		}

	}

	/**
	 * An attempt ends on two threads, as by an error and a cancellation, and the one that
	 * was first goes on.
	 */
	@JCStressTest
	@Outcome(id = "since", expect = Expect.ACCEPTABLE, desc = "What was done since it has ended stays.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "It is taken for the work of the attempt.")
	@State
	public static class EndTwice {

		private final StressRequest request = new StressRequest();

		private final AttemptExchange attempt = this.request.begin();

		@Actor
		public void fail() {
			this.attempt.ended();
			this.request.face().getHeaders().set("mark", "since");
		}

		@Actor
		public void end() {
			this.attempt.ended();
		}

		@Arbiter
		public void result(L_Result result) {
			this.attempt.discard();
			result.r1 = String.valueOf(this.request.response().getHeaders().getFirst("mark"));
		}

	}

}
