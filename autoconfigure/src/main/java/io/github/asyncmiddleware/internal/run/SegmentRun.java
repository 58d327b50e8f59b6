package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.web.server.ServerWebExchange;

/**
 * One run of a segment in one request, from the subscription of what is in front of it to
 * its end. A filter in front that runs the chain again gets a second run, which does
 * nothing unless the first has failed or was cancelled and left no answer.
 */
final class SegmentRun extends Mono<Void> implements CoreSubscriber<Void>, Subscription {

	private static final int RUNNING = 0;

	private static final int COMPLETED = 1;

	/** With an error or a cancellation, after which the chain may run once more. */
	private static final int FAILED = 2;

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(SegmentRun.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Segment segment;

	private final ServerWebExchange exchange;

	/** The latest run of another segment. Guarded by the request. */
	private @Nullable SegmentRun other;

	private volatile int state;

	// Published by the subscription and its signals

	private @Nullable CoreSubscriber<? super Void> actual;

	private Context context = Context.empty();

	private @Nullable Subscription subscription;

	SegmentRun(Segment segment, ServerWebExchange exchange) {
		this.segment = segment;
		this.exchange = exchange;
	}

	/**
	 * Put this run in front of the latest run of each segment, in place of the one of the
	 * same segment.
	 * @param latest the first of them
	 * @return the one that was replaced, or {@code null} if there was none
	 */
	@Nullable SegmentRun putBefore(@Nullable SegmentRun latest) {
		this.other = latest;
		SegmentRun last = this;
		while (last.other != null && last.other.segment != this.segment) {
			last = last.other;
		}
		SegmentRun before = last.other;
		if (before != null) {
			last.other = before.other;
		}
		return before;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		if (this.actual != null) {
			new SegmentRun(this.segment, this.exchange).subscribe(actual);
			return;
		}
		RequestRun run = RequestRun.of(this.exchange);
		SegmentRun before = run.started(this);
		if (before != null && !before.mayRepeat(run)) {
			this.state = before.state;
			Operators.complete(actual);
			return;
		}
		if (before != null) {
			run.restarted();
		}
		else {
			run.entering(this.exchange);
		}
		this.actual = actual;
		this.context = actual.currentContext();
		Segment.proceed(this.segment.first(), run, this.exchange, this, null, 0);
	}

	/**
	 * Whether the segment may run once more after this run.
	 */
	private boolean mayRepeat(RequestRun run) {
		if (this.state == FAILED && !run.isAnsweredWithin(this.exchange)) {
			return true;
		}
		Link first = this.segment.first();
		Middleware middleware = first.named();
		return middleware == null || (!run.isOver() && !first.guards.misuse()
			.stepsInRepeatedRun(middleware, new LoggedRequest(this.exchange, this.context)));
	}

	private void mark(int state) {
		STATE.compareAndSet(this, RUNNING, state);
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			actual().onSubscribe(this);
		}
	}

	private CoreSubscriber<? super Void> actual() {
		CoreSubscriber<? super Void> actual = this.actual;
		if (actual == null) {
			throw new IllegalStateException("Not subscribed to");
		}
		return actual;
	}

	@Override
	public void onNext(Void value) {
		actual().onNext(value);
	}

	@Override
	public void onError(Throwable ex) {
		mark(FAILED);
		actual().onError(ex);
	}

	@Override
	public void onComplete() {
		mark(COMPLETED);
		actual().onComplete();
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
		mark(FAILED);
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
	}

	@Override
	public Context currentContext() {
		return this.context;
	}

}
