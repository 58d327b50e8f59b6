package io.github.asyncmiddleware.internal.watch;

import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.record.Ending;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Races for the list of {@link InFlightRequests}.
 */
public final class InFlightRequestsStress {

	private InFlightRequestsStress() {
	}

	private static String summary(InFlightRequests requests) {
		int[] seen = new int[1];
		requests.forEach((entry) -> seen[0]++);
		return seen[0] + " listed" + (requests.isEmpty() ? "" : ", not empty");
	}

	/**
	 * A thread leaves a request while that ends on another.
	 */
	@JCStressTest
	@Outcome(id = "0 listed", expect = Expect.ACCEPTABLE, desc = "Whichever is second takes it out.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A request that has ended is listed for ever.")
	@State
	public static class AddAndEnd {

		private final InFlightRequests requests = new InFlightRequests();

		private final StressRequest request = new StressRequest();

		private final ThreadActivity activity = new ThreadActivity(null, this.requests);

		@Actor
		public void leave() {
			this.request.run().leaveInFlight(this.activity);
		}

		@Actor
		public void end() {
			this.request.run().ended(Ending.CANCEL, null);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary(this.requests);
		}

	}

	/**
	 * A request is added while the application goes down.
	 */
	@JCStressTest
	@Outcome(id = "0 listed", expect = Expect.ACCEPTABLE, desc = "Nothing is kept.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A request is listed for ever.")
	@State
	public static class AddAndClose {

		private final InFlightRequests requests = new InFlightRequests();

		private final StressRequest request = new StressRequest();

		@Actor
		public void add() {
			this.requests.add(this.request.run());
		}

		@Actor
		public void close() {
			this.requests.close();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary(this.requests);
		}

	}

	/**
	 * Two neighbours end at the same time; the requests around them stay.
	 */
	@JCStressTest
	@Outcome(id = "2 listed, not empty", expect = Expect.ACCEPTABLE, desc = "The links are whole.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A request is lost, or stays although it has ended.")
	@State
	public static class RemoveNeighbours {

		private final InFlightRequests requests = new InFlightRequests();

		private final StressRequest request = new StressRequest();

		private final InFlightRequests.@Nullable Entry[] entries = new InFlightRequests.Entry[4];

		public RemoveNeighbours() {
			for (int i = 0; i < 4; i++) {
				this.entries[i] = this.requests.add(this.request.run());
			}
		}

		private void remove(int index) {
			InFlightRequests.Entry entry = this.entries[index];
			if (entry != null) {
				entry.remove();
			}
		}

		@Actor
		public void removeOne() {
			remove(1);
		}

		@Actor
		public void removeTwo() {
			remove(2);
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary(this.requests);
		}

	}

	/**
	 * An entry is removed twice at the same time.
	 */
	@JCStressTest
	@Outcome(id = "0 listed", expect = Expect.ACCEPTABLE, desc = "It is removed once.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The size is wrong.")
	@State
	public static class RemoveTheSame {

		private final InFlightRequests requests = new InFlightRequests();

		private final StressRequest request = new StressRequest();

		private final InFlightRequests.@Nullable Entry entry;

		public RemoveTheSame() {
			this.entry = this.requests.add(this.request.run());
		}

		private void remove() {
			if (this.entry != null) {
				this.entry.remove();
			}
		}

		@Actor
		public void one() {
			remove();
		}

		@Actor
		public void two() {
			remove();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = summary(this.requests);
		}

	}

}
