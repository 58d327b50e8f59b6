package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.chain.DeadlineException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import org.springframework.web.server.ServerWebExchange;

/**
 * Subscriber between two adjacent parts of the chain: decides what the end of the inner
 * part means, then passes it on to the outer one. If the inner middleware is skipped, it
 * subscribes to the rest of the chain in its place.
 */
final class Relay extends RelayWord implements Subscription, Scannable {

	/** The middleware that the response leaves, or {@code null} for the rest. */
	private final @Nullable Step inner;

	/**
	 * Which run of the rest of the outer middleware this is, and in the lowest byte how
	 * deep the subscription to the part is nested.
	 */
	private final int runAndDepth;

	/** What had been done to the response when the inner middleware was entered. */
	private final int touches;

	/** Limits the inner middleware, if something does. */
	final @Nullable OwnTime ownTime;

	/** Published by onSubscribe; where a skip replaces it, by the word. */
	private @Nullable Subscription subscription;

	/**
	 * The thread that is in the middle of subscribing. Another thread can read anything
	 * here except itself.
	 */
	private @Nullable Thread subscribing;

	/** Belongs to that thread. */
	private @Nullable Postponed postponed;

	/**
	 * Create a relay.
	 * @param actual the subscriber of the part
	 * @param run the request
	 * @param inner the middleware that the part belongs to, if it is one of ours
	 * @param outer the middleware that waits, if it is one of ours
	 * @param depth how deep the subscription to the part is nested
	 * @param touches what had been done to the response when the inner middleware was
	 * entered
	 */
	Relay(CoreSubscriber<? super Void> actual, RequestRun run, @Nullable Step inner, @Nullable Step outer, int depth,
			int touches) {
		super(actual, run, outer);
		this.inner = inner;
		this.runAndDepth = ((outer != null) ? StepState.run(outer.word()) << 8 : 0) | depth;
		this.touches = touches;
		this.ownTime = (inner != null) ? OwnTime.of(inner, this) : null;
	}

	@Override
	int outerRun() {
		return this.runAndDepth >>> 8;
	}

	private int depth() {
		return this.runAndDepth & 0xFF;
	}

	/**
	 * Whether the response leaves a middleware here.
	 */
	boolean isOf(Step step) {
		return this.inner == step;
	}

	/**
	 * Subscribe to a part of the chain.
	 * @param source the part
	 * @return what the caller has to go on with, or {@code null} if nothing
	 */
	@Nullable Postponed subscribeTo(Mono<Void> source) {
		if (this.outer != null) {
			this.outer.nextRelay = this;
		}
		if (this.inner != null) {
			this.inner.leavesThrough(this);
			this.subscribing = Thread.currentThread();
		}
		try {
			if (this.ownTime != null) {
				this.ownTime.subscribeTo(source);
			}
			else {
				source.subscribe(this);
			}
		}
		catch (LinkageError ex) {
			onThrown(ex);
		}
		catch (VirtualMachineError ex) {
			this.run.fatal(ex);
			throw ex;
		}
		finally {
			this.subscribing = null;
		}
		// A middleware that has completed without waiting is held for what was postponed
		return (error() == null) ? this.postponed : null;
	}

	/**
	 * Run what comes after the inner middleware: at once, or where that would nest too
	 * deep, when the caller of {@link #subscribeTo} is back in control.
	 * @param next the place that comes after it
	 * @param exchange the exchange for it
	 * @param actual the subscriber of it
	 */
	void proceed(Link next, ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		boolean nested = this.subscribing == Thread.currentThread();
		if (nested && depth() >= MAX_DEPTH) {
			this.postponed = new Postponed(exchange, actual);
			return;
		}
		Segment.proceed(next, this.run, exchange, actual, this.inner, nested ? depth() + 1 : 0);
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if ((word() & SKIPPED) != 0) {
			this.subscription = subscription;
			subscription.request(Long.MAX_VALUE);
			if ((mark(0) & CANCELLED) != 0) {
				subscription.cancel();
			}
		}
		else if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			boolean cancelled = (mark(SUBSCRIBED) & CANCELLED) != 0;
			if (cancelled) {
				subscription.cancel();
			}
			this.actual.onSubscribe(this);
			if (!cancelled && isLeftBehind()) {
				cancel();
			}
		}
	}

	@Override
	public void request(long n) {
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.request(n);
		}
	}

	@Override
	public void cancel() {
		Step outer = this.outer;
		int phase = (outer != null) ? Handover.cancelled(outer, outerRun()) : StepState.AT_WORK;
		Relay held = (outer != null && phase == StepState.HELD) ? outer.relay() : null;
		if (held != null && held.isCancelled()) {
			// With the request, so there is nothing to end
			held = null;
		}
		// One that has completed was given up in that moment
		boolean discards = phase == StepState.HANDED || phase == StepState.NEXT_COMPLETED || held != null;
		int before = mark(CANCELLED);
		Subscription subscription = this.subscription;
		if (subscription != null && (before & (SUBSCRIBED | CANCELLED)) == SUBSCRIBED) {
			subscription.cancel();
		}
		Step inner = this.inner;
		// In a plain field: it is seen here, or sees that this is cancelled
		VarHandle.fullFence();
		Relay next = (inner != null && !inner.link().foreign) ? inner.nextRelay : null;
		if (next != null && !next.isCancelled()) {
			// Started without being waited for
			next.cancel();
		}
		boolean givenUp = (outer != null) ? discards && (outer.link().foreign || Handover.discardAttempt(outer))
				: (before & SAID_BACK) == 0;
		if (givenUp) {
			// A cancellation goes inwards, so the outermost one says so last
			this.run.backAt(outer);
		}
		if (held != null && outer != null) {
			held.end(Verdict.cancelledNext(outer));
		}
	}

	@Override
	public void onNext(Void value) {
		this.actual.onNext(value);
	}

	@Override
	public void onComplete() {
		ended(null);
	}

	@Override
	public void onError(Throwable ex) {
		ended(ex);
	}

	private void ended(@Nullable Throwable error) {
		int before = mark(DONE);
		Throwable end = error;
		if ((before & DONE) == 0) {
			Step inner = this.inner;
			if (inner != null && !isCutOff(before)) {
				if (error == null) {
					if (Handover.holds(inner)) {
						return;
					}
					end = Verdict.completed(inner, this.touches);
				}
				if (end != null && skip(inner, end)) {
					return;
				}
				if (end != null) {
					Verdict.failed(inner, end);
				}
			}
		}
		else if ((before & SKIPPED) == 0 || (mark(REST_DONE) & REST_DONE) != 0) {
			if (error != null) {
				Operators.onErrorDropped(error, currentContext());
			}
			return;
		}
		if ((before & CANCELLED) == 0) {
			end(end);
		}
		else {
			// What is further out may have begun another run, which this is not the end
			// of
			endUnnoticed(error);
		}
	}

	private void endedOverdue(Step inner, DeadlineException ex) {
		if ((mark(DONE) & (DONE | CANCELLED)) == 0 && !skip(inner, ex)) {
			Verdict.failed(inner, ex);
			Handover.discardOwn(inner);
			end(ex);
		}
	}

	/**
	 * Go on without the inner middleware, if the request can and those further out have
	 * not given the part up meanwhile.
	 * @return {@code false} if it can not
	 */
	private boolean skip(Step inner, Throwable ex) {
		if (!Verdict.trySkip(inner, ex)) {
			return false;
		}
		if ((mark(SKIPPED) & CANCELLED) == 0) {
			proceed(inner.link().next(), Handover.discardOwn(inner), this);
		}
		return true;
	}

	/**
	 * The inner middleware has used up its time, and is not heard of any more.
	 */
	void timedOut(Step inner, OwnTime ownTime) {
		boolean shown = ownTime.isShown();
		if (!Verdict.tryLeaveResponse(inner, shown)) {
			ownTime.cancelWork();
			Verdict.timedOut(inner);
			endedOverdue(inner, new DeadlineException());
		}
		else if (shown) {
			ownTime.letGo();
		}
		else {
			ownTime.cancelWork();
			ended((inner.nextRelay != null) ? inner.nextRelay.error() : null);
		}
	}

	/**
	 * If the part has ended before, the error belongs to a subscriber further out.
	 */
	@Override
	void onThrown(LinkageError ex) {
		if (this.inner != null && this.inner.link().foreign) {
			throw ex;
		}
		if (this.ownTime != null && this.ownTime.hasPassed()) {
			return;
		}
		if ((word() & DONE) != 0) {
			throw ex;
		}
		if (this.subscription != null) {
			this.subscription.cancel();
		}
		else {
			onSubscribe(Operators.emptySubscription());
		}
		onError(Failures.signalOf(ex));
	}

	@Override
	@SuppressWarnings("rawtypes")
	public @Nullable Object scanUnsafe(Attr key) {
		if (key == Attr.PARENT) {
			return this.subscription;
		}
		if (key == Attr.ACTUAL) {
			return this.actual;
		}
		if (key == Attr.TERMINATED) {
			return (word() & DONE) != 0;
		}
		return (key == Attr.RUN_STYLE) ? Attr.RunStyle.SYNC : null;
	}

	@Override
	public String stepName() {
		return (this.inner != null) ? this.inner.middleware().toString() : "rest of the filter chain";
	}

	/**
	 * The rest of the chain, for later.
	 *
	 * @param exchange the exchange for it
	 * @param actual the subscriber of it
	 */
	record Postponed(ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {

	}

}
