package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.StepObservation;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.response.Waiting;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * The part of one middleware in one request: the {@code next} that it is given, the
 * publisher that {@code next} returns, and the entry in the ledger, in one object.
 * <p>
 * What it may do is decided by one word, see {@link StepState}; each {@code markX}
 * changes it and returns what it was before. {@link Handover} lets the rest of the chain
 * run, {@link Verdict} decides what the end of the middleware means.
 */
public class Step extends StepWord implements WebFilterChain {

	private final Link link;

	private final RequestRun run;

	/** The exchange as the middleware sees it. */
	final ServerWebExchange exchange;

	// Published by the subscription that goes inwards, and by the signals on their way
	// out

	/**
	 * The subscriber of the part of the chain that the middleware belongs to. It is a
	 * relay of this step where the middleware does not return next itself.
	 */
	private CoreSubscriber<? super Void> subscriber;

	/** What {@link #nextExchange()} returns, once next was called. */
	private @Nullable ServerWebExchange nextExchange;

	/** Where the response leaves the rest of the chain, once that was started. */
	@Nullable Relay nextRelay;

	Step(Link link, RequestRun run, ServerWebExchange exchange, CoreSubscriber<? super Void> subscriber) {
		this.link = link;
		this.run = run;
		this.exchange = exchange;
		this.subscriber = subscriber;
	}

	/**
	 * Create the part of the middleware that stands at a place.
	 * @param link the place
	 * @param run the request
	 * @param exchange the exchange as the middleware sees it
	 * @param subscriber the subscriber whose context the middleware is entered with
	 */
	static Step at(Link link, RequestRun run, ServerWebExchange exchange, CoreSubscriber<? super Void> subscriber) {
		StepObserver observer = link.observer;
		return (observer != null && run.isObserved()) ? new ObservedStep(observer, link, run, exchange, subscriber)
				: new Step(link, run, exchange, subscriber);
	}

	/**
	 * The place where the middleware stands.
	 */
	Link link() {
		return this.link;
	}

	/**
	 * The request.
	 * @return always the same object
	 */
	public RequestRun run() {
		return this.run;
	}

	/**
	 * Its context is the one that the middleware is entered with.
	 */
	CoreSubscriber<? super Void> subscriber() {
		return this.subscriber;
	}

	void leavesThrough(Relay relay) {
		this.subscriber = relay;
	}

	/**
	 * Where the response leaves the middleware.
	 * @return the relay, or {@code null} if the middleware has returned next itself, or
	 * was not subscribed to yet
	 */
	@Nullable Relay relay() {
		return (this.subscriber instanceof Relay relay && relay.isOf(this)) ? relay : null;
	}

	@Override
	public Middleware middleware() {
		Middleware middleware = this.link.middleware;
		Assert.state(middleware != null, "A step belongs to a middleware");
		return middleware;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange) {
		Assert.notNull(exchange, "'exchange' must not be null");
		if (this.nextExchange == null) {
			this.nextExchange = exchange;
			return this;
		}
		return new Handover.Again(this, exchange);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		Handover.begin(this, actual);
	}

	/**
	 * The exchange for the rest of the chain: what was given to next, or, once the rest
	 * was started, its attempt to answer.
	 */
	ServerWebExchange nextExchange() {
		ServerWebExchange exchange = this.nextExchange;
		if (exchange == null) {
			throw new IllegalStateException("next has not been called");
		}
		return exchange;
	}

	void nextExchange(ServerWebExchange exchange) {
		this.nextExchange = exchange;
	}

	/**
	 * Next was called, which only the first call remembers.
	 */
	void calledNext(ServerWebExchange exchange) {
		if (this.nextExchange == null) {
			this.nextExchange = exchange;
		}
	}

	boolean hasCalledNext() {
		return this.nextExchange != null;
	}

	/**
	 * The middleware was entered.
	 */
	void observe() {
	}

	@Override
	public @Nullable StepObservation observation() {
		return null;
	}

	/**
	 * What the middleware does itself, in the context that belongs to it.
	 */
	Mono<Void> observed(Mono<Void> work) {
		return work;
	}

	/**
	 * Whether an answer can be the middleware's own: it was written to the response that
	 * the middleware sees.
	 */
	boolean answersWith(ResponseFace face) {
		// One of a concurrent group writes to an attempt of its own
		return face.isSeenBy(this.exchange) || (this.nextExchange instanceof AttemptExchange attempt
				&& StepState.phase(word()) == StepState.AT_WORK && face.isSeenBy(attempt));
	}

	void answered() {
		markOver(MiddlewareResult.ANSWERED);
	}

	/**
	 * The context that the middleware was entered with.
	 * @return the context of the subscriber of its part of the chain, with what belongs
	 * to the middleware itself
	 */
	public ContextView context() {
		return context(this.subscriber);
	}

	/** The context of what the middleware does itself, for a subscriber. */
	Context context(CoreSubscriber<?> subscriber) {
		Context context = subscriber.currentContext();
		StepObservation observation = observation();
		return (observation != null) ? observation.own(context) : context;
	}

	/**
	 * What a line of the log about the middleware needs to know of the request.
	 */
	LoggedRequest logged() {
		return new LoggedRequest(this.exchange, context());
	}

	/**
	 * Whether the engine runs the middleware from the arrival of the request to its end.
	 * @return {@code false} if Spring runs it as a filter by itself
	 */
	public boolean isObserved() {
		return this.run.isObserved();
	}

	/**
	 * A number that changes when the status of the response is set, or it is written.
	 * @return the number; always the same where the request is not observed
	 */
	public int statusTouches() {
		return this.run.touches() >>> 16;
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
	 * The response is shown to the middleware: from now on the time is its own.
	 * @param waiting how the response waits for it
	 */
	public void responseShown(Waiting waiting) {
		this.run.returned(this);
		this.run.activity().at(this);
		OwnTime.shown(this, waiting);
	}

	/**
	 * The middleware sends a response of its own, so the one that it was shown is gone.
	 */
	public void responseReplaced() {
		markReplaced();
		OwnTime.start(this);
	}

	/**
	 * The response of the rest of the chain could not be sent, which is no failure of the
	 * middleware that has let it go.
	 */
	public void responseFailed() {
		mark(StepState.NEXT_COMPLETED, StepState.NEXT_FAILED);
	}

	/**
	 * The middleware has decided what is to be done next, so time does not count against
	 * it any more.
	 * @return {@code false} if it comes too late for that, because it was given up
	 */
	public boolean stopClock() {
		return OwnTime.stop(this);
	}

	/**
	 * Whether the middleware was given up: its time is used up, or it is cut off.
	 * @return {@code true} if nothing that it does counts any more
	 */
	public boolean isGivenUp() {
		return OwnTime.isGivenUp(this) || isCutOff();
	}

	/** Whether those further out have given it up. */
	boolean isCancelled() {
		Relay relay = relay();
		return relay != null && relay.isCancelled();
	}

	/**
	 * Whether the middleware was still at work when there was nothing left to do. What it
	 * does then is neither judged nor let go on; one that was done by then is judged.
	 */
	boolean isCutOff() {
		Relay relay = relay();
		return (relay != null) ? relay.isCutOff() : this.run.isOver() && isAtWork();
	}

	/**
	 * The middleware breaks the rules of its style.
	 * @param misuse what it does
	 * @return whether the engine is to step in, which it does for one that is cut off too
	 */
	public boolean stepsIn(Misuse misuse) {
		return isCutOff() || this.link.guards.misuse().stepsIn(middleware(), misuse, logged());
	}

	/**
	 * The middleware has made a response of its own although it has the rest of the chain
	 * running and does not wait for it.
	 * @return whether its response has to wait for that
	 */
	public boolean isHeldForNext() {
		return StepState.phase(word()) == StepState.HANDED && !isCutOff() && stepsIn(Misuse.UNAWAITED_NEXT);
	}

	/**
	 * The middleware was given the response of the rest of the chain and has completed
	 * without one.
	 * @return the error to signal, or {@code null} if the response is to be sent
	 * nevertheless
	 */
	public @Nullable Throwable responseDropped() {
		if (isCutOff() || !stepsIn(Misuse.DROPPED_NEXT)) {
			return null;
		}
		markResult(MiddlewareResult.MISUSED);
		return new MisuseException("A middleware completed without the response that it was given",
				middleware().toString());
	}

	/**
	 * The middleware has returned {@code null}, which ends the request unless the
	 * middleware is one that it can go without.
	 */
	public void returnedNull() {
		if (!isCutOff()) {
			Verdict.misused(this);
		}
		this.link.guards.misuse().returnedNull(middleware(), middleware().place(), logged());
	}

	@Override
	public String toString() {
		return "next of " + middleware();
	}

}
