package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.web.server.ServerWebExchange;

/**
 * Stands where a response leaves one part of the chain for another on its way out, and
 * tells both.
 */
final class Relay implements CoreSubscriber<Void>, Subscription, Scannable {

	/**
	 * How deep subscriptions, and signals, may nest before one is postponed until the
	 * stack is empty again. Small enough for a thousand middlewares on the stack of an
	 * ordinary thread, large enough never to be met by an ordinary application.
	 */
	private static final int MAX_DEPTH = 32;

	private final CoreSubscriber<? super Void> actual;

	private final Timeline timeline;

	/** The middleware that the response leaves, or {@code null} for the rest. */
	private final @Nullable Step inner;

	/** The middleware that the response reaches, or {@code null} for somebody else. */
	private final @Nullable Step outer;

	private final int depth;

	/** What had been done to the response when the turn of the inner middleware came. */
	private final int touches;

	/** Kept, since asking for it goes through everybody further out. */
	private final Context context;

	/**
	 * The thread that is in the middle of subscribing. Another thread can read anything
	 * here except itself.
	 */
	private @Nullable Thread subscribing;

	private @Nullable Postponed postponed;

	/** The thread that is in the middle of a signal that can end here. As above. */
	private @Nullable Thread signalling;

	private int signalDepth;

	private boolean signalPostponed;

	private @Nullable Subscription subscription;

	/** Limits the inner middleware, if something does. */
	final @Nullable OwnTime ownTime;

	private boolean done;

	private @Nullable Throwable error;

	private volatile boolean cancelled;

	/** The rest of the chain, where the inner middleware was skipped. */
	private volatile @Nullable SkippedRest rest;

	/**
	 * Create a relay.
	 * @param actual who waits for the part
	 * @param timeline the timeline of the request
	 * @param inner the middleware that the part belongs to, if it is one of ours
	 * @param outer the middleware that waits, if it is one of ours
	 * @param depth how deep the subscription to the part is nested
	 * @param touches what had been done to the response when the turn of the inner
	 * middleware came
	 */
	Relay(CoreSubscriber<? super Void> actual, Timeline timeline, @Nullable Step inner, @Nullable Step outer, int depth,
			int touches) {
		this.actual = actual;
		this.timeline = timeline;
		this.inner = inner;
		this.outer = outer;
		this.depth = depth;
		this.touches = touches;
		this.context = actual.currentContext();
		this.ownTime = (inner != null) ? OwnTime.of(inner, this, timeline) : null;
		if (outer != null) {
			outer.nextRelay = this;
		}
	}

	/**
	 * Subscribe to a part of the chain.
	 * @param source the part
	 * @return what the caller has to go on with, or {@code null} if nothing
	 */
	@Nullable Postponed subscribeTo(Mono<Void> source) {
		if (this.inner != null) {
			this.inner.relay = this;
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
			this.timeline.ended(Ending.FATAL, ex);
			throw ex;
		}
		finally {
			this.subscribing = null;
		}
		// A middleware that has completed without waiting is held for what was postponed
		return (this.error == null) ? this.postponed : null;
	}

	/**
	 * Run what comes after the inner middleware: at once, or where that would nest too
	 * deep, when the caller of {@link #subscribeTo} is back in control.
	 * @param next the place that comes after it
	 * @param exchange the exchange for it
	 * @param actual who waits for it
	 */
	void proceed(Link next, ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		boolean nested = this.subscribing == Thread.currentThread();
		if (nested && this.depth >= MAX_DEPTH) {
			this.postponed = new Postponed(exchange, actual);
		}
		else {
			Segment.proceed(next, this.timeline, exchange, actual, this.inner, nested ? this.depth + 1 : 0);
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			this.actual.onSubscribe(this);
		}
	}

	@Override
	public void request(long n) {
		if (this.subscription != null) {
			this.subscription.request(n);
		}
	}

	@Override
	public void cancel() {
		if (this.outer != null) {
			this.outer.nextCancelled();
		}
		this.cancelled = true;
		if (this.subscription != null) {
			this.subscription.cancel();
		}
		SkippedRest rest = this.rest;
		if (rest != null) {
			rest.cancel();
			return;
		}
		Relay running = (this.inner != null && this.done) ? this.inner.nextRelay : null;
		if (running != null && !running.done) {
			// Its end is being held for what nobody else can cancel
			running.cancel();
		}
	}

	@Override
	public void onNext(Void value) {
		this.actual.onNext(value);
	}

	@Override
	public void onComplete() {
		if (this.done) {
			return;
		}
		this.done = true;
		if (this.inner != null) {
			if (this.inner.hold()) {
				return;
			}
			Throwable misuse = this.inner.completed(this.touches);
			if (misuse != null && skip(this.inner, misuse)) {
				return;
			}
			this.error = misuse;
		}
		terminate();
	}

	/**
	 * Go on without the inner middleware, if the request can.
	 */
	private boolean skip(Step inner, Throwable ex) {
		if (!inner.trySkip(ex)) {
			return false;
		}
		SkippedRest rest = new SkippedRest(this);
		this.rest = rest;
		proceed(inner.link().next(), inner.exchange, rest);
		return true;
	}

	/**
	 * The inner middleware has used up its time, and will not be heard of any more.
	 */
	private void timedOut(Step inner, OwnTime ownTime) {
		ResponseGate.Waiting held = ownTime.held;
		if (!inner.tryLeaveResponse(held != null)) {
			ownTime.cancelWork();
			inner.timedOut();
			onError(new DeadlineException());
		}
		else if (held != null) {
			ownTime.waitNevertheless();
			held.letGo();
		}
		else {
			ownTime.cancelWork();
			Throwable error = (inner.nextRelay != null) ? inner.nextRelay.error : null;
			if (error != null) {
				onError(error);
			}
			else {
				onComplete();
			}
		}
	}

	/**
	 * What the end was held for has ended.
	 */
	private void resume(@Nullable Throwable error) {
		this.error = error;
		terminate();
	}

	@Override
	public void onError(Throwable ex) {
		if (this.done) {
			Operators.onErrorDropped(ex, currentContext());
			return;
		}
		this.done = true;
		if (this.inner != null) {
			if (skip(this.inner, ex)) {
				return;
			}
			this.inner.failed(ex);
		}
		this.error = ex;
		terminate();
	}

	private void terminate() {
		boolean nested = this.signalling == Thread.currentThread();
		if (nested && this.signalDepth >= MAX_DEPTH) {
			this.signalPostponed = true;
			return;
		}
		// Nested signals are on a thread that is known to be inside the request
		ThreadActivity activity = nested ? ThreadActivity.UNWATCHED : this.timeline.activity();
		RequestRecord previous = activity.enter(this.timeline.record());
		try {
			if (!nested) {
				this.signalDepth = 0;
			}
			Relay relay = this;
			while (relay != null) {
				relay = relay.passOn();
			}
		}
		finally {
			activity.exit(previous);
		}
	}

	/**
	 * Pass the end on.
	 * @return the next relay on the way out, if it has postponed its own end until now
	 */
	private @Nullable Relay passOn() {
		this.timeline.returned(this.outer);
		if (this.outer == null) {
			signalActual();
			return null;
		}
		boolean held = this.outer.nextEnded(this.error);
		Relay next = this.outer.relay;
		if (next == null) {
			signalActual();
			return null;
		}
		next.signalDepth = this.signalDepth + 1;
		next.signalling = Thread.currentThread();
		try {
			signalActual();
		}
		finally {
			next.signalling = null;
			if (held) {
				next.resume(this.error);
			}
		}
		if (!next.signalPostponed) {
			return null;
		}
		next.signalPostponed = false;
		next.signalDepth = this.signalDepth;
		return next;
	}

	private void signalActual() {
		if (this.error != null) {
			this.actual.onError(this.error);
		}
		else {
			this.actual.onComplete();
		}
	}

	/**
	 * The part threw out of its subscription instead of signalling an error. If it has
	 * ended before, the error belongs to somebody further out.
	 */
	private void onThrown(LinkageError ex) {
		if (this.ownTime != null && this.ownTime.hasPassed()) {
			return;
		}
		if (this.done) {
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
	public Context currentContext() {
		return this.context;
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
			return this.done;
		}
		return (key == Attr.RUN_STYLE) ? Attr.RunStyle.SYNC : null;
	}

	@Override
	public String stepName() {
		return (this.inner != null) ? this.inner.middleware().toString() : "rest of the filter chain";
	}

	/**
	 * The time that the inner middleware has for itself.
	 */
	static final class OwnTime extends Deadline<Void> {

		private final Step step;

		private final Relay relay;

		private final RequestTimeline timeline;

		/** Where the response waits for the middleware, once it does. */
		volatile ResponseGate.@Nullable Waiting held;

		private OwnTime(Step step, Relay relay, RequestTimeline timeline) {
			super(relay, step.link().guards.deadlines(), timeline, step.link().timeout);
			this.step = step;
			this.relay = relay;
			this.timeline = timeline;
		}

		static @Nullable OwnTime of(Step step, Relay relay, Timeline timeline) {
			return (step.link().timeout > 0 && timeline instanceof RequestTimeline request)
					? new OwnTime(step, relay, request) : null;
		}

		@Override
		boolean isPointless() {
			return (this.timeline.isLeaving() && !isResponseHere()) || this.step.exchange.getResponse().isCommitted();
		}

		/**
		 * Whether it is this middleware that the response waits for.
		 */
		private boolean isResponseHere() {
			ResponseGate.Waiting held = this.held;
			return held != null && held.isReached();
		}

		@Override
		void passed() {
			this.relay.timedOut(this.step, this);
		}

	}

	/**
	 * Waits for the rest of the chain in place of a middleware that was skipped.
	 */
	private static final class SkippedRest implements CoreSubscriber<Void> {

		private final Relay relay;

		private volatile @Nullable Subscription subscription;

		SkippedRest(Relay relay) {
			this.relay = relay;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			subscription.request(Long.MAX_VALUE);
			if (this.relay.cancelled) {
				subscription.cancel();
			}
		}

		@Override
		public void onNext(Void value) {
		}

		@Override
		public void onError(Throwable ex) {
			this.relay.resume(ex);
		}

		@Override
		public void onComplete() {
			this.relay.resume(null);
		}

		@Override
		public Context currentContext() {
			return this.relay.currentContext();
		}

		void cancel() {
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.cancel();
			}
		}

	}

	/**
	 * The rest of the chain, for later.
	 *
	 * @param exchange the exchange for it
	 * @param actual who waits for it
	 */
	record Postponed(ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {

	}

}
