package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.record.Ending;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;

/**
 * Races for a handshake that a middleware awaits. What asks for it hands the connection
 * to another protocol when it is told that it is complete, so it must not be told before
 * the head is with the server.
 */
public final class UpgradeStress {

	private UpgradeStress() {
	}

	/**
	 * A handshake that a middleware was shown.
	 */
	static class Handshake {

		final StressRequest request = StressRequest.forSocket();

		final AwaitingMiddleware middleware = new AwaitingMiddleware(this.request, false);

		final AttemptExchange part = this.request.begin();

		final Signals rest = new Signals();

		Handshake() {
			ResponseFace inner = this.part.getResponse();
			// As a strategy does, which leaves the status to the server
			ServerHttpResponseDecorator.getNativeResponse(inner);
			inner.setComplete().subscribe(this.rest);
		}

		@Override
		public String toString() {
			return this.request.response() + ", rest " + this.rest;
		}

	}

	/**
	 * The middleware releases it, while the part that asks for it is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "200, rest (completes|hears nothing)", expect = Expect.ACCEPTABLE, desc = "The release was first.")
	@Outcome(id = "nothing, rest hears nothing", expect = Expect.ACCEPTABLE, desc = "The cancellation was first.")
	@Outcome(id = "nothing, rest completes", expect = Expect.FORBIDDEN, desc = "It is told of a head that never goes.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "Half a head, or a signal too many.")
	@State
	public static class ReleaseAndCancel {

		private final Handshake handshake = new Handshake();

		@Actor
		public void release() {
			this.handshake.middleware.release();
		}

		@Actor
		public void cancel() {
			this.handshake.rest.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.handshake.toString();
		}

	}

	/**
	 * The middleware refuses instead, while the part that asks for it is cancelled.
	 */
	@JCStressTest
	@Outcome(id = "403, rest hears nothing", expect = Expect.ACCEPTABLE, desc = "It is refused, whatever was first.")
	@Outcome(id = ".*completes", expect = Expect.FORBIDDEN, desc = "It goes on with a connection that it has not got.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "The refusal is lost.")
	@State
	public static class RefuseAndCancel {

		private final Handshake handshake = new Handshake();

		@Actor
		public void refuse() {
			this.handshake.rest.cancel();
			this.handshake.middleware.discard();
			ResponseFace face = this.handshake.request.face();
			face.setStatusCode(HttpStatus.FORBIDDEN);
			face.setComplete().subscribe(new Signals());
		}

		@Actor
		public void cancel() {
			this.handshake.rest.cancel();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.handshake.toString();
		}

	}

	/**
	 * A handler asks for the connection while it is given up, and what follows has no
	 * body.
	 */
	@JCStressTest
	@Outcome(id = "head and OK", expect = Expect.ACCEPTABLE, desc = "It has not got the connection.")
	@Outcome(id = "head and UPGRADED", expect = Expect.FORBIDDEN, desc = "What follows is taken for a handshake.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "What follows is lost.")
	@State
	public static class AskAndDiscard {

		private final StressRequest request = StressRequest.forSocket();

		private final AttemptExchange part = this.request.begin();

		private final ResponseFace inner = this.part.getResponse();

		@Actor
		public void ask() {
			ServerHttpResponseDecorator.getNativeResponse(this.inner);
		}

		@Actor
		public void discard() {
			this.part.discard();
		}

		@Arbiter
		public void result(L_Result result) {
			this.request.face().setComplete().subscribe();
			this.request.run().ended(Ending.COMPLETE, null);
			result.r1 = this.request.record();
		}

	}

}
