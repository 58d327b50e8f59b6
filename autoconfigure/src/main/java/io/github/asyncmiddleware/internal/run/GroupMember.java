package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * The part of one member of a {@link ConcurrentGroup} in one request.
 */
final class GroupMember implements CoreSubscriber<WebHandler> {

	private final GroupRun run;

	final Step step;

	final Mono<WebHandler> work;

	/** The status of the response when it was called. */
	private final @Nullable HttpStatusCode status;

	/** It was done when it returned, and has set a status. */
	boolean answersWithStatus;

	/** There was another one when it had passed. Guarded by the run. */
	boolean statusSet;

	/** Guarded by the run. */
	State state = State.AT_WORK;

	private volatile boolean cancelled;

	private volatile @Nullable Subscription subscription;

	private @Nullable WebHandler answer;

	private @Nullable Throwable error;

	GroupMember(GroupRun run, Step step, Mono<WebHandler> work, @Nullable HttpStatusCode status) {
		this.run = run;
		this.step = step;
		this.work = work;
		this.status = status;
	}

	/**
	 * Whether the response has another status by now, or was written. If several are at
	 * work, that can be the work of another one.
	 */
	boolean hasSetStatus() {
		return this.step.exchange.getResponse().getStatusCode() != this.status
				|| this.step.run().isAnsweredWithin(this.step.exchange);
	}

	/**
	 * How the request goes on if this member decides.
	 */
	Mono<Void> outcome(ServerWebExchange exchange) {
		if (this.error != null) {
			return Mono.error(this.error);
		}
		if (this.answer == null) {
			return Mono.empty();
		}
		if (!this.step.link().discardable) {
			return this.step.run().answer(this.answer, exchange);
		}
		AttemptExchange attempt = AttemptExchange.begin(exchange, this.step.run());
		this.step.nextExchange(attempt);
		return this.step.run().answer(this.answer, attempt);
	}

	/**
	 * What it has decided has ended with an error.
	 * @return whether the request goes on without it
	 */
	boolean failed(Throwable ex) {
		if (this.error != null) {
			// Judged when it has failed
			return false;
		}
		this.step.markUnanswered();
		if (this.run.isGivenUp()) {
			return false;
		}
		if (!Verdict.trySkip(this.step, ex)) {
			Verdict.failed(this.step, ex);
			return false;
		}
		Handover.discardAttempt(this.step);
		return true;
	}

	void cancel() {
		this.cancelled = true;
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			if (this.cancelled) {
				subscription.cancel();
			}
			else {
				subscription.request(Long.MAX_VALUE);
			}
		}
	}

	@Override
	public void onNext(WebHandler answer) {
		this.answer = answer;
	}

	@Override
	public void onError(Throwable ex) {
		this.error = ex;
		this.run.finished(this, null, ex);
	}

	@Override
	public void onComplete() {
		this.run.finished(this, this.answer, null);
	}

	@Override
	public Context currentContext() {
		return this.step.context(this.run.actual);
	}

	/**
	 * It has passed.
	 */
	void passed() {
		this.step.mark(StepState.AT_WORK, StepState.HANDED);
		this.step.run().finishedTogether(this.step);
	}

	/**
	 * It answers instead of the rest of the chain. The answer still has to be written.
	 */
	void answering() {
		this.step.markAboutToAnswer();
		this.step.run().finishedTogether(this.step);
	}

	/**
	 * All have passed, and the status that it has set, which it should not do, is its
	 * answer, as it would be alone: the handler must not run.
	 */
	void answeredWithStatus() {
		this.step.markResult(MiddlewareResult.ANSWERED);
	}

	/**
	 * The group is given up.
	 */
	void givenUp() {
		if (this.state == State.AT_WORK) {
			this.state = State.LOST;
			lost();
		}
	}

	/**
	 * The group is given up before what this one has decided was begun. A failure is
	 * judged by then.
	 */
	void givenUpUnheard() {
		if (this.error == null) {
			lost();
		}
	}

	/**
	 * Another one has decided, and what this one would have done does not count.
	 */
	void lost() {
		this.step.markResult(MiddlewareResult.CANCELLED);
	}

	/**
	 * How a member has ended.
	 */
	enum State {

		AT_WORK, PASSED, DECIDED, LOST

	}

}
