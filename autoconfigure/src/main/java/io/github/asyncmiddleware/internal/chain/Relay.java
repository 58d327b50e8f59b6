package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Stands where a response leaves one part of the chain for another on its way out, and
 * tells both.
 */
final class Relay implements CoreSubscriber<Void>, Scannable {

	private final CoreSubscriber<? super Void> actual;

	private final Timeline timeline;

	/** The middleware that the response leaves, or {@code null} for the rest. */
	private final @Nullable Step inner;

	/** The middleware that the response reaches, or {@code null} for somebody else. */
	private final @Nullable Step outer;

	private @Nullable Subscription subscription;

	private boolean done;

	private Relay(CoreSubscriber<? super Void> actual, Timeline timeline, @Nullable Step inner, @Nullable Step outer) {
		this.actual = actual;
		this.timeline = timeline;
		this.inner = inner;
		this.outer = outer;
	}

	/**
	 * Subscribe to a part of the chain.
	 * @param source the part
	 * @param actual who waits for it
	 * @param timeline the timeline of the request
	 * @param inner the middleware that the part belongs to, if it is one of ours
	 * @param outer the middleware that waits, if it is one of ours
	 */
	static void subscribe(Mono<Void> source, CoreSubscriber<? super Void> actual, Timeline timeline,
			@Nullable Step inner, @Nullable Step outer) {
		if (inner == null && outer == null) {
			source.subscribe(actual);
			return;
		}
		Relay relay = new Relay(actual, timeline, inner, outer);
		try {
			source.subscribe(relay);
		}
		catch (LinkageError ex) {
			relay.onThrown(ex);
		}
		catch (VirtualMachineError ex) {
			timeline.ended(Ending.FATAL, ex);
			throw ex;
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			this.actual.onSubscribe(subscription);
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
			this.inner.completed();
		}
		this.timeline.returned(this.outer);
		if (this.outer != null) {
			this.outer.nextCompleted();
		}
		this.actual.onComplete();
	}

	@Override
	public void onError(Throwable ex) {
		if (this.done) {
			Operators.onErrorDropped(ex, currentContext());
			return;
		}
		this.done = true;
		if (this.inner != null) {
			this.inner.failed();
		}
		this.timeline.returned(this.outer);
		if (this.outer != null) {
			this.outer.nextFailed();
		}
		this.actual.onError(ex);
	}

	/**
	 * The part threw out of its subscription instead of signalling an error. If it has
	 * ended before, the error belongs to somebody further out.
	 */
	private void onThrown(LinkageError ex) {
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
		return this.actual.currentContext();
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

}
