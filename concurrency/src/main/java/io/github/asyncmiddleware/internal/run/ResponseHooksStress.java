package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.CountedBuffer;
import io.github.asyncmiddleware.concurrency.Leaks;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.Source;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ServerWebExchange;

/**
 * Races for the response hooks of one request: {@link ResponseHooks}.
 */
public final class ResponseHooksStress {

	private ResponseHooksStress() {
	}

	/**
	 * An answer whose head is decided is given up, as by the timeout of a filter that is
	 * no middleware, which answers itself. Hooks run for what is sent, and once.
	 */
	static class Answer {

		final StressRequest request = new StressRequest();

		private final Source<DataBuffer> source = new Source<>();

		private final CountedBuffer body = new CountedBuffer("rest");

		private final Signals rest = new Signals();

		private final Signals fallback = new Signals();

		Answer() {
			this.request.run().entered(hooked(this.request));
		}

		final void begin(ServerWebExchange exchange) {
			exchange.getResponse().writeWith(this.source.mono()).subscribe(this.rest);
		}

		final void arrives() {
			this.source.next(this.body);
			this.source.complete();
		}

		final void isCancelled() {
			this.rest.cancel();
		}

		final void isReplaced() {
			this.request.face().setStatusCode(HttpStatus.SERVICE_UNAVAILABLE);
			this.request.face().writeWith(Mono.just(new CountedBuffer("fallback"))).subscribe(this.fallback);
		}

		@Override
		public String toString() {
			return this.request.response() + ", fallback " + this.fallback + Leaks.of(this.body);
		}

		private static Step hooked(StressRequest request) {
			MiddlewareCode code = new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP,
					(exchange, chain) -> chain.filter(exchange), null, new Mark());
			Link link = Link
				.leadingTo((exchange) -> Mono.empty(), false, StressLinks.guards(StressLinks.STRICT, Deadlines.NONE))
				.precededBy(StressLinks.middleware(0, OnFailure.FAIL, null, code));
			return StressLinks.step(link, request);
		}

	}

	/**
	 * Adds a header that tells the status which it was meant for.
	 */
	private static final class Mark implements ResponseHook {

		@Override
		public boolean isSynchronous() {
			return true;
		}

		@Override
		public @Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) {
			exchange.getResponse().getHeaders().add("mark", "hooked");
			return null;
		}

	}

	/**
	 * The filter cancels the rest of the chain, in which nothing could be discarded.
	 */
	@JCStressTest
	@Outcome(id = "200 hooked rest, fallback completes", expect = Expect.ACCEPTABLE, desc = "The rest was first.")
	@Outcome(id = "503 hooked fallback, fallback completes", expect = Expect.ACCEPTABLE, desc = "The filter was.")
	@Outcome(id = "503 hooked hooked .*", expect = Expect.FORBIDDEN, desc = "The hooks for the rest are not undone.")
	@Outcome(id = "503 fallback.*", expect = Expect.FORBIDDEN, desc = "The hooks are left out.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class CancelAndHooks {

		private final Answer answer = new Answer();

		public CancelAndHooks() {
			this.answer.begin(this.answer.request.exchange());
		}

		@Actor
		public void arrive() {
			this.answer.arrives();
		}

		@Actor
		public void cancel() {
			this.answer.isCancelled();
			this.answer.isReplaced();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.answer.toString();
		}

	}

	/**
	 * A middleware in front of the filter can discard what comes after it.
	 */
	@JCStressTest
	@Outcome(id = "200 hooked rest, fallback completes", expect = Expect.ACCEPTABLE, desc = "The rest was first.")
	@Outcome(id = "503 hooked fallback, fallback completes", expect = Expect.ACCEPTABLE, desc = "The filter was.")
	@Outcome(id = "503 hooked hooked .*", expect = Expect.FORBIDDEN, desc = "The hooks for the rest are not undone.")
	@Outcome(id = "503 fallback.*", expect = Expect.FORBIDDEN, desc = "The hooks are left out.")
	@Outcome(expect = Expect.FORBIDDEN, desc = "A response that is lost, torn or sent twice, or a buffer is.")
	@State
	public static class CancelAndHooksOfPart {

		private final Answer answer = new Answer();

		public CancelAndHooksOfPart() {
			this.answer.begin(this.answer.request.begin());
		}

		@Actor
		public void arrive() {
			this.answer.arrives();
		}

		@Actor
		public void cancel() {
			this.answer.isCancelled();
			this.answer.isReplaced();
		}

		@Arbiter
		public void result(L_Result result) {
			result.r1 = this.answer.toString();
		}

	}

}
