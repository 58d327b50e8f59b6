package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.util.Assert;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

/**
 * The part of one middleware in one request: the {@code next} that it is given, the
 * publisher that {@code next} returns, and the record of its times, in one object.
 * <p>
 * The rest of the chain runs at most once, judged by subscription and not by assembly;
 * after an error that left no head it may run again. Its phases, where - means that it
 * stays:
 *
 * <pre>
 *                 claim     next completes  fails        cancelled       completes  fails
 * AT_WORK         HANDED                                                 ANSWERED   FAILED
 * HANDED          refused   NEXT_COMPLETED  NEXT_FAILED  NEXT_CANCELLED  HELD       FAILED
 * HELD            refused   NEXT_COMPLETED  NEXT_FAILED  -
 * NEXT_COMPLETED  refused                                                -          FAILED
 * NEXT_FAILED     HANDED                                                 -          -
 * NEXT_CANCELLED  HANDED                                                 -          FAILED
 * ANSWERED, FAILED, MISUSED: over
 * </pre>
 */
public final class Step extends Mono<Void> implements WebFilterChain, StepRecord {

	private static final int AT_WORK = 0;

	private static final int HANDED = 1;

	private static final int NEXT_COMPLETED = 2;

	private static final int NEXT_FAILED = 3;

	private static final int ANSWERED = 4;

	private static final int FAILED = 5;

	private static final int MISUSED = 6;

	private static final int NEXT_CANCELLED = 7;

	private static final int HELD = 8;

	private static final VarHandle PHASE;

	static {
		try {
			PHASE = MethodHandles.lookup().findVarHandle(Step.class, "phase", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Link link;

	private final Timeline timeline;

	/** The exchange as the middleware sees it. */
	final ServerWebExchange exchange;

	private volatile int phase;

	/** What became of it where the phase does not tell. */
	private volatile @Nullable MiddlewareResult exception;

	/** What the rest of the chain sees, once the middleware has called next. */
	private @Nullable ServerWebExchange nextExchange;

	/** Where the response leaves the middleware, unless it returned next itself. */
	@Nullable Relay relay;

	/** Where the response leaves the rest of the chain, once that was started. */
	@Nullable Relay nextRelay;

	/** The middleware entered before this one. Belongs to the timeline. */
	@Nullable Step previous;

	/** When the turn of the middleware came, on the clock of the timeline. */
	long entered;

	/** The time it spent itself, in nanoseconds. Belongs to the timeline. */
	long own;

	/**
	 * Create the part of the middleware that stands at a place.
	 * @param link the place
	 * @param timeline the timeline of the request
	 * @param exchange the exchange as the middleware sees it
	 */
	Step(Link link, Timeline timeline, ServerWebExchange exchange) {
		this.link = link;
		this.timeline = timeline;
		this.exchange = exchange;
	}

	/**
	 * The place where it is at work.
	 */
	Link link() {
		return this.link;
	}

	@Override
	public Middleware middleware() {
		Middleware middleware = this.link.middleware;
		Assert.state(middleware != null, "A step belongs to a middleware");
		return middleware;
	}

	@Override
	public @Nullable Step previous() {
		return this.previous;
	}

	@Override
	public long entered() {
		return this.entered;
	}

	@Override
	public long own() {
		return this.own;
	}

	@Override
	public MiddlewareResult result() {
		MiddlewareResult exception = this.exception;
		return (exception != null) ? exception : switch (this.phase) {
			case AT_WORK -> MiddlewareResult.CANCELLED;
			case ANSWERED -> MiddlewareResult.ANSWERED;
			case FAILED -> MiddlewareResult.FAILED;
			case MISUSED -> MiddlewareResult.MISUSED;
			default -> MiddlewareResult.PASSED;
		};
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange) {
		Assert.notNull(exchange, "'exchange' must not be null");
		if (this.nextExchange == null) {
			this.nextExchange = exchange;
			return this;
		}
		return new Again(this, exchange);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		proceed(nextExchange(), actual);
	}

	private void proceed(ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		Relay relay = this.relay;
		if (!stopClock()) {
			// Given up already, so this is not what the request is doing
			Operators.complete(actual);
		}
		else if (!tryClaim(exchange) && !claimAnyway()) {
			startClock();
			Operators.complete(actual);
		}
		else if (relay != null) {
			relay.proceed(this.link.next(), exchange, actual);
		}
		else {
			Segment.proceed(this.link.next(), this.timeline, exchange, actual, this, 0);
		}
	}

	/**
	 * The exchange that was given to next, for the rest of the chain.
	 */
	ServerWebExchange nextExchange() {
		ServerWebExchange exchange = this.nextExchange;
		if (exchange == null) {
			throw new IllegalStateException("next has not been called");
		}
		return exchange;
	}

	/**
	 * Hand over, if the rest of the chain may run.
	 * @return {@code false} if it may not
	 */
	boolean tryClaim() {
		return tryClaim(nextExchange());
	}

	private boolean tryClaim(ServerWebExchange exchange) {
		int phase = this.phase;
		if ((phase != AT_WORK && phase != NEXT_FAILED && phase != NEXT_CANCELLED) || this.timeline.isCommitted(exchange)
				|| !PHASE.compareAndSet(this, phase, HANDED)) {
			return false;
		}
		if (phase != AT_WORK) {
			this.timeline.restarted();
		}
		return true;
	}

	/**
	 * Ask whether the rest of the chain is to run although it may not.
	 */
	private boolean claimAnyway() {
		boolean answered = this.phase == AT_WORK || this.phase == ANSWERED || this.phase == FAILED
				|| this.phase == MISUSED;
		if (stepsIn(answered ? Misuse.LATE_NEXT : Misuse.REPEATED_NEXT)) {
			return false;
		}
		this.timeline.restarted();
		return true;
	}

	private boolean stepsIn(Misuse misuse) {
		return this.link.guards.misuse().stepsIn(middleware(), misuse);
	}

	/**
	 * The rest of the chain has ended.
	 * @param error the error it ended with, or {@code null} if it completed
	 * @return whether the end of the middleware is being held until now
	 */
	boolean nextEnded(@Nullable Throwable error) {
		int ended = (error != null) ? NEXT_FAILED : NEXT_COMPLETED;
		if (PHASE.compareAndSet(this, HANDED, ended)) {
			startClock();
			return false;
		}
		return PHASE.compareAndSet(this, HELD, ended);
	}

	/**
	 * The rest of the chain was cancelled by the middleware.
	 */
	void nextCancelled() {
		if (PHASE.compareAndSet(this, HANDED, NEXT_CANCELLED)) {
			startClock();
		}
	}

	/**
	 * The middleware has completed while the rest of the chain may still be running.
	 * @return whether its end has to wait for that
	 */
	boolean hold() {
		return this.phase == HANDED && stepsIn(Misuse.UNAWAITED_NEXT) && PHASE.compareAndSet(this, HANDED, HELD);
	}

	/**
	 * The middleware has completed.
	 * @param touches what had been done to the response when its turn came
	 * @return the error to signal instead, or {@code null} if it may complete
	 */
	@Nullable Throwable completed(int touches) {
		if (this.phase != AT_WORK) {
			return null;
		}
		boolean dropped = !isTouched(touches) && stepsIn(Misuse.DROPPED_NEXT);
		if (dropped) {
			misused();
			return new IllegalStateException(
					"A middleware completed without an answer and without the rest of the chain");
		}
		PHASE.compareAndSet(this, AT_WORK, ANSWERED);
		return null;
	}

	/**
	 * Whether anything was done to the response since the turn of the middleware came. If
	 * it has called next, headers alone are no answer.
	 */
	private boolean isTouched(int touches) {
		int changed = this.timeline.touches() ^ touches;
		return ((this.nextExchange != null) ? changed >>> 16 : changed) != 0;
	}

	/**
	 * The middleware has been given the response of the rest of the chain and has
	 * completed without one.
	 * @return the error to signal, or {@code null} if the response is to be sent
	 * nevertheless
	 */
	public @Nullable Throwable responseDropped() {
		if (!stepsIn(Misuse.DROPPED_NEXT)) {
			return null;
		}
		this.phase = MISUSED;
		return new IllegalStateException("A middleware completed without the response that it was given");
	}

	/**
	 * The middleware has made a response of its own although it has the rest of the chain
	 * running and does not wait for it.
	 * @return whether its response has to wait for that
	 */
	public boolean isHeldForNext() {
		return this.phase == HANDED && stepsIn(Misuse.UNAWAITED_NEXT);
	}

	/**
	 * The context of whoever waits for the middleware. Only while the middleware is being
	 * called.
	 * @return the context, or an empty one if it is not known
	 */
	public ContextView context() {
		CoreSubscriber<? super Void> subscriber = (this.timeline instanceof RequestTimeline request)
				? request.subscriber() : null;
		return (subscriber != null) ? subscriber.currentContext() : Context.empty();
	}

	/**
	 * Whether what the middleware does before the head is run by the engine.
	 * @return {@code false} if nobody observes the request
	 */
	public boolean isObserved() {
		return this.timeline != Timeline.NONE;
	}

	/**
	 * A number that changes when somebody sets the status of the response, or writes it.
	 * @return the number; always the same where the request is not observed
	 */
	public int statusTouches() {
		return this.timeline.touches() >>> 16;
	}

	/**
	 * Whether the next middleware in the row runs off the event loop as well, and waits
	 * for its turn.
	 * @param exchange the exchange that it would get
	 * @return {@code true} if it can follow on the same thread
	 */
	public boolean isFollowedByOffloaded(ServerWebExchange exchange) {
		Middleware next = this.link.next().skipTo(exchange).middleware;
		return next != null && next.code().runsOn() != RunsOn.EVENT_LOOP && next.code().concurrent() == null;
	}

	/**
	 * Where the time of the request goes.
	 */
	Timeline timeline() {
		return this.timeline;
	}

	/**
	 * A member of the group that this part stands for decides about the request.
	 */
	void answeredByMember() {
		PHASE.compareAndSet(this, AT_WORK, ANSWERED);
	}

	/**
	 * The middleware, one of a group, has nothing against going on.
	 */
	void passedInGroup() {
		PHASE.compareAndSet(this, AT_WORK, HANDED);
		this.timeline.finishedTogether(this);
	}

	/**
	 * The middleware, one of a group, answers instead of the rest of the chain.
	 */
	void answeredInGroup() {
		PHASE.compareAndSet(this, AT_WORK, ANSWERED);
		this.timeline.finishedTogether(this);
	}

	/**
	 * The middleware, one of a group, has failed.
	 * @return whether the request goes on without it
	 */
	boolean failedInGroup(Throwable ex) {
		boolean skipped = trySkip(ex);
		if (!skipped) {
			failed(ex);
		}
		this.timeline.finishedTogether(this);
		return skipped;
	}

	/**
	 * Another one in the group has decided, and what this one would have done does not
	 * count.
	 */
	void lostInGroup() {
		this.exception = MiddlewareResult.CANCELLED;
	}

	/**
	 * The middleware runs the rest of the chain after it has made a response.
	 * @return whether the rest is not to run
	 */
	public boolean refusesLateNext() {
		return stepsIn(Misuse.LATE_NEXT);
	}

	/**
	 * The response has reached the middleware: from now on the time is its own.
	 */
	void responseReached() {
		this.timeline.returned(this);
	}

	/**
	 * The response has reached the middleware: from now on the time is its own.
	 * @param held where the response waits for the middleware
	 */
	public void responseReached(ResponseGate.Waiting held) {
		responseReached();
		Relay.OwnTime ownTime = ownTime();
		if (ownTime != null) {
			ownTime.held = held;
			ownTime.startClock();
		}
	}

	private Relay.@Nullable OwnTime ownTime() {
		Relay relay = this.relay;
		return (relay != null) ? relay.ownTime : null;
	}

	/**
	 * The middleware has decided what is to be done next, so time does not count against
	 * it any more.
	 * @return {@code false} if it comes too late for that, because it was given up
	 */
	public boolean stopClock() {
		Relay.OwnTime ownTime = ownTime();
		return ownTime == null || ownTime.stopClock();
	}

	/**
	 * Whether the middleware was given up because it has used up its time.
	 * @return {@code true} if nothing it does counts any more
	 */
	public boolean isGivenUp() {
		Relay.OwnTime ownTime = ownTime();
		return ownTime != null && ownTime.hasPassed();
	}

	/**
	 * Time counts against the middleware again, unless the rest of the chain runs.
	 */
	public void startClock() {
		Relay.OwnTime ownTime = ownTime();
		if (ownTime != null && this.phase != HANDED && !this.exchange.getResponse().isCommitted()) {
			ownTime.startClock();
		}
	}

	/**
	 * Limit what the middleware does for the response to the time that it has left.
	 * @param work the work
	 * @return the same, or something that fails when the time is used up
	 */
	Mono<Void> limit(Mono<Void> work) {
		if (this.link.timeout == 0 || !(this.timeline instanceof RequestTimeline request)) {
			return work;
		}
		Relay.OwnTime ownTime = ownTime();
		long left = (ownTime != null) ? ownTime.left() : this.link.timeout;
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				new Deadline<>(actual, Step.this.link.guards.deadlines(), request, left).subscribeTo(work);
			}

		};
	}

	/**
	 * Limit what the middleware does at the same time as others.
	 */
	void subscribe(Mono<WebHandler> work, CoreSubscriber<WebHandler> actual) {
		if (this.link.timeout > 0 && this.timeline instanceof RequestTimeline request) {
			new Deadline<>(actual, this.link.guards.deadlines(), request, this.link.timeout).subscribeTo(work);
		}
		else {
			work.subscribe(actual);
		}
	}

	/**
	 * The middleware has used up its time after it had handed over.
	 * @param held whether the response waits for it
	 * @return whether the response of the rest of the chain goes out without what the
	 * middleware would have done
	 */
	boolean tryLeaveResponse(boolean held) {
		if (!canSkip() || !(held || this.phase == NEXT_COMPLETED || this.phase == NEXT_FAILED)) {
			return false;
		}
		DeadlineException ex = new DeadlineException();
		this.exception = resultOf(ex, true);
		this.link.guards.failures().skipped(middleware(), FailureLog.Part.RESPONSE, ex);
		return true;
	}

	/**
	 * The middleware has used up its time, and the error that follows is its own. If it
	 * has not handed over, that can still be skipped.
	 */
	void timedOut() {
		if (this.phase != AT_WORK) {
			unavailable(new DeadlineException());
		}
	}

	private void unavailable(UnavailableException ex) {
		this.exception = resultOf(ex, false);
		this.link.guards.failures().unavailable(middleware(), ex);
	}

	/**
	 * The middleware has failed. The error is its own unless the rest of the chain failed
	 * before.
	 */
	void failed(Throwable ex) {
		int phase = this.phase;
		while (phase != NEXT_FAILED && phase != MISUSED && !PHASE.compareAndSet(this, phase, FAILED)) {
			phase = this.phase;
		}
		if (phase == AT_WORK && ex instanceof UnavailableException unavailable) {
			unavailable(unavailable);
		}
	}

	/**
	 * The middleware has failed. If it has not handed over, and is one that a request can
	 * go without, the request does.
	 * @param ex what it failed with; an answer in the shape of an exception is no failure
	 * @return whether the rest of the chain is to run now
	 */
	boolean trySkip(Throwable ex) {
		if (!canSkip() || isAnswer(ex) || this.phase != AT_WORK || this.timeline.isCommitted(this.exchange)
				|| !PHASE.compareAndSet(this, AT_WORK, HANDED)) {
			return false;
		}
		this.exception = resultOfSkipped(ex);
		this.link.guards.failures().skipped(middleware(), FailureLog.Part.REQUEST, ex);
		return true;
	}

	private static boolean isAnswer(Throwable ex) {
		return ex instanceof ErrorResponse && !(ex instanceof UnavailableException);
	}

	private static MiddlewareResult resultOfSkipped(@Nullable Throwable ex) {
		return (ex instanceof UnavailableException unavailable) ? resultOf(unavailable, true)
				: MiddlewareResult.FAILED_OPEN;
	}

	private static MiddlewareResult resultOf(UnavailableException ex, boolean open) {
		if (ex instanceof DeadlineException) {
			return open ? MiddlewareResult.TIMEOUT_OPEN : MiddlewareResult.TIMEOUT;
		}
		return open ? MiddlewareResult.SHED_OPEN : MiddlewareResult.SHED;
	}

	private boolean canSkip() {
		return middleware().onFailure() == OnFailure.SKIP;
	}

	/**
	 * What the middleware does before the head has failed. The response goes out without
	 * it.
	 * @param ex the failure, or {@code null} if there was {@code null} in place of a
	 * publisher
	 */
	void responseHookFailed(@Nullable Throwable ex) {
		if (this.phase != FAILED && this.phase != MISUSED && this.exception == null) {
			this.exception = resultOfSkipped(ex);
		}
		if (ex != null) {
			this.link.guards.failures().skipped(middleware(), FailureLog.Part.RESPONSE, ex);
		}
		else {
			stepsIn(Misuse.NULL_RESULT);
		}
	}

	/**
	 * Whether the middleware can be at work together with others.
	 */
	boolean isConcurrent() {
		return middleware().code().concurrent() != null;
	}

	/**
	 * Whether the middleware has done nothing yet that would show, and no other one has
	 * decided instead of it.
	 */
	boolean isAtWork() {
		return this.phase == AT_WORK && this.exception == null;
	}

	/**
	 * Whether the code of the middleware has not run because too much is going on.
	 */
	boolean isShed() {
		return this.exception == MiddlewareResult.SHED || this.exception == MiddlewareResult.SHED_OPEN;
	}

	/**
	 * The middleware has returned {@code null}, which ends the request unless the
	 * middleware is one that it can go without.
	 */
	public void returnedNull() {
		misused();
		stepsIn(Misuse.NULL_RESULT);
	}

	/**
	 * A misuse is a failure too, and can be skipped.
	 */
	private void misused() {
		if (!canSkip()) {
			PHASE.compareAndSet(this, AT_WORK, MISUSED);
		}
	}

	@Override
	public String toString() {
		return "next of " + middleware();
	}

	/**
	 * What next returns when it is called once more: its own exchange, the same claim.
	 */
	private static final class Again extends Mono<Void> {

		private final Step step;

		private final ServerWebExchange exchange;

		Again(Step step, ServerWebExchange exchange) {
			this.step = step;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			this.step.proceed(this.exchange, actual);
		}

	}

}
