package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.record.StepObservation;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebExchangeDecorator;

/**
 * Hands a request over from a middleware to the rest of the chain, and takes it back.
 * <p>
 * The rest of the chain runs at most once, judged by subscription and not by assembly;
 * after an error that left no answer it may run again. The rest of a foreign filter runs
 * as often as that subscribes to it.
 */
public final class Handover {

	private Handover() {
	}

	/**
	 * The middleware, or something on its behalf, subscribes to what next has returned
	 * first.
	 * @param actual the subscriber
	 */
	static void begin(Step step, CoreSubscriber<? super Void> actual) {
		begin(step, firstGiven(step), actual);
	}

	/**
	 * The exchange that the first call of next was given.
	 */
	private static ServerWebExchange firstGiven(Step step) {
		if (step.nextExchange() instanceof OtherAttempt other) {
			return other.firstGiven;
		}
		AttemptExchange attempt = attempt(step);
		return (attempt != null) ? attempt.outside() : step.nextExchange();
	}

	/**
	 * The middleware, or something on its behalf, subscribes to what next has returned.
	 * @param exchange the exchange that it was given
	 * @param actual the subscriber
	 */
	private static void begin(Step step, ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		ServerWebExchange next = tryBegin(step, exchange);
		if (next != null) {
			proceed(step, next, actual);
		}
		else {
			Operators.complete(actual);
		}
	}

	/**
	 * Hand over.
	 * @param step the part of the middleware
	 * @param exchange the exchange that next was given
	 * @return what to {@link #proceed} with or {@link #takeBack}, or {@code null} if the
	 * rest of the chain may not run
	 */
	public static @Nullable ServerWebExchange tryBegin(Step step, ServerWebExchange exchange) {
		step.calledNext(exchange);
		boolean foreign = step.link().foreign;
		if ((!foreign && step.isCutOff()) || !OwnTime.stop(step)) {
			// Given up already, so this is not what the request is doing
			return null;
		}
		if (!isAllowed(step, exchange) && !isAllowedAnyway(step)) {
			OwnTime.start(step);
			return null;
		}
		if (!OwnTime.stop(step)) {
			// Started by the end of a run that was given up, and passed since
			return null;
		}
		return foreign ? exchange : beginAttempt(step, exchange);
	}

	/**
	 * Run the rest of the chain.
	 * @param step the part of the middleware that has handed over
	 * @param next what {@link #tryBegin} has returned
	 * @param actual the subscriber
	 */
	public static void proceed(Step step, ServerWebExchange next, CoreSubscriber<? super Void> actual) {
		StepObservation observation = step.observation();
		if (observation != null) {
			new Rest(step, next).contextWrite(observation::rest).subscribe(actual);
		}
		else {
			proceedDirectly(step, next, actual);
		}
	}

	/**
	 * The middleware has handed over and does not want the rest of the chain any more,
	 * which does not run yet.
	 * @param step the part of the middleware
	 * @param goesOn whether the middleware goes on, and was not given up itself
	 */
	public static void takeBack(Step step, boolean goesOn) {
		cancelled(step, StepState.run(step.word()));
		if (goesOn) {
			step.run().backAt(step);
		}
	}

	/**
	 * The middleware subscribes to next once more while the rest of the chain runs, or is
	 * about to on another thread.
	 * @param step the part of the middleware
	 * @param exchange the exchange that next was given
	 * @param actual the subscriber
	 * @return whether the rest runs again; if not, nothing was subscribed to
	 */
	public static boolean tryRepeat(Step step, ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		if (step.stepsIn(Misuse.REPEATED_NEXT)) {
			return false;
		}
		step.markHandedOver();
		step.run().restarted();
		proceed(step, beginAttempt(step, exchange), actual);
		return true;
	}

	private static ServerWebExchange beginAttempt(Step step, ServerWebExchange exchange) {
		ServerWebExchange firstGiven = firstGiven(step);
		AttemptExchange attempt = AttemptExchange.begin(exchange, step.run());
		step.nextExchange((exchange == firstGiven) ? attempt : new OtherAttempt(attempt, firstGiven));
		return attempt;
	}

	/**
	 * What the rest of the chain does to the response, once it was started.
	 */
	private static @Nullable AttemptExchange attempt(Step step) {
		if (step.hasCalledNext() && step.nextExchange() instanceof OtherAttempt other) {
			return other.attempt;
		}
		return (step.hasCalledNext() && step.nextExchange() instanceof AttemptExchange attempt
				&& attempt != step.exchange) ? attempt : null;
	}

	/**
	 * Undo what the rest of the chain has done to the response and has not sent.
	 * @return whether nothing of it is left
	 */
	static boolean discardAttempt(Step step) {
		AttemptExchange attempt = looksAfterAttempt(step) ? attempt(step) : null;
		return attempt != null && !step.run().isEnded() && attempt.discard();
	}

	/**
	 * Undo what the middleware itself has done to the response and has not sent, where
	 * the request may have to go on as if it were absent.
	 * @return the exchange as it is without the middleware
	 */
	static ServerWebExchange discardOwn(Step step) {
		if (!step.link().discardable || !(step.exchange instanceof AttemptExchange own)) {
			return step.exchange;
		}
		own.discardOnce();
		return own.outside();
	}

	/**
	 * One that awaits the response does that by itself.
	 */
	private static boolean looksAfterAttempt(Step step) {
		return step.middleware().code().style() != Style.AWAIT;
	}

	private static void proceedDirectly(Step step, ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		Relay relay = step.relay();
		if (relay != null) {
			relay.proceed(step.link().next(), exchange, actual);
		}
		else {
			Segment.proceed(step.link().next(), step.run(), exchange, actual, step, 0);
		}
	}

	/**
	 * Hand over, if the rest of the chain may run.
	 * @return {@code false} if it may not
	 */
	static boolean isAllowed(Step step, ServerWebExchange exchange) {
		if (step.link().foreign) {
			if (StepState.phase(step.markHandedOver()) != StepState.AT_WORK) {
				step.run().restarted();
			}
			return true;
		}
		if (step.run().isAnsweredWithin(exchange)) {
			return false;
		}
		int before = step.markHandedOver();
		if (StepState.phase(before) != StepState.AT_WORK && StepState.mayHandOver(before)) {
			discardAttempt(step);
			step.run().restarted();
		}
		return StepState.mayHandOver(before);
	}

	/**
	 * Ask whether the rest of the chain is to run although it may not. Where the answer
	 * is that of another middleware, which does not await this one, this one is not to
	 * blame.
	 */
	private static boolean isAllowedAnyway(Step step) {
		if (Verdict.isAnsweredByOther(step) ? step.link().guards.misuse().stepsIn()
				: step.stepsIn(StepState.misuseOfNext(step.word()))) {
			return false;
		}
		step.run().restarted();
		return true;
	}

	/**
	 * The rest of the chain has ended.
	 * @param run which run of it
	 * @param error the error it ended with, or {@code null} if it completed
	 * @return the phase before: whether the end of the middleware is being held until now
	 */
	static int ended(Step step, int run, @Nullable Throwable error) {
		// Read before another thread can begin the next one
		AttemptExchange attempt = (error != null && looksAfterAttempt(step)) ? attempt(step) : null;
		int phase = step.markNextEnded(run, (error != null) ? StepState.NEXT_FAILED : StepState.NEXT_COMPLETED);
		if (phase == StepState.HANDED) {
			OwnTime.start(step);
			if (attempt != null) {
				attempt.ended();
			}
		}
		return phase;
	}

	/**
	 * The rest of the chain was cancelled, by the middleware or with the request.
	 * @param run which run of it
	 * @return the phase before
	 */
	static int cancelled(Step step, int run) {
		int phase = step.markNextEnded(run, StepState.NEXT_CANCELLED);
		if (phase == StepState.HANDED) {
			OwnTime.start(step);
		}
		return phase;
	}

	/**
	 * The middleware has completed while the rest of the chain may still be running.
	 * @return whether its end has to wait for that
	 */
	static boolean holds(Step step) {
		if (StepState.phase(step.mark(StepState.HANDED, StepState.HELD)) != StepState.HANDED) {
			return false;
		}
		// If the rest has ended meanwhile, it also ends the middleware
		return step.stepsIn(Misuse.UNAWAITED_NEXT)
				|| StepState.phase(step.mark(StepState.HELD, StepState.HANDED)) != StepState.HELD;
	}

	/**
	 * The rest of the chain of a middleware that is observed.
	 */
	private static final class Rest extends Mono<Void> {

		private final Step step;

		private final ServerWebExchange exchange;

		Rest(Step step, ServerWebExchange exchange) {
			this.step = step;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			proceedDirectly(this.step, this.exchange, actual);
		}

	}

	/**
	 * The attempt of a further call of next that was given an exchange of its own. Knows
	 * what the first call was given, which can be subscribed to later.
	 */
	private static final class OtherAttempt extends ServerWebExchangeDecorator {

		private final AttemptExchange attempt;

		private final ServerWebExchange firstGiven;

		OtherAttempt(AttemptExchange attempt, ServerWebExchange firstGiven) {
			super(attempt);
			this.attempt = attempt;
			this.firstGiven = firstGiven;
		}

	}

	/**
	 * What next returns when it is called once more: its own exchange, the same claim.
	 */
	static final class Again extends Mono<Void> {

		private final Step step;

		private final ServerWebExchange exchange;

		Again(Step step, ServerWebExchange exchange) {
			this.step = step;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			begin(this.step, this.exchange, actual);
		}

	}

}
