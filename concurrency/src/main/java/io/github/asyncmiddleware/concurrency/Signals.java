package io.github.asyncmiddleware.concurrency;

import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/**
 * A subscriber that asks for everything and counts what it is told, from any thread.
 */
public final class Signals implements CoreSubscriber<Object> {

	private final AtomicInteger values = new AtomicInteger();

	private final AtomicInteger completions = new AtomicInteger();

	private final AtomicInteger errors = new AtomicInteger();

	private final boolean asks;

	private volatile @Nullable Subscription subscription;

	private volatile @Nullable Throwable error;

	private volatile boolean cancelled;

	/**
	 * Create a subscriber that asks for everything at once.
	 */
	public Signals() {
		this(true);
	}

	/**
	 * Create a subscriber.
	 * @param asks whether it asks for everything at once, or when it is told to
	 */
	public Signals(boolean asks) {
		this.asks = asks;
	}

	/**
	 * Ask for everything.
	 */
	public void request() {
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.request(Long.MAX_VALUE);
		}
	}

	/**
	 * Cancel, as soon as it is subscribed.
	 */
	public void cancel() {
		this.cancelled = true;
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
	}

	/**
	 * How many values came.
	 * @return the number
	 */
	public int values() {
		return this.values.get();
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.subscription = subscription;
		if (this.cancelled) {
			subscription.cancel();
		}
		else if (this.asks) {
			subscription.request(Long.MAX_VALUE);
		}
	}

	@Override
	public void onNext(Object value) {
		this.values.incrementAndGet();
	}

	@Override
	public void onError(Throwable ex) {
		this.error = ex;
		this.errors.incrementAndGet();
	}

	@Override
	public void onComplete() {
		this.completions.incrementAndGet();
	}

	/**
	 * How it has ended, so that two ends look different from one.
	 */
	@Override
	public String toString() {
		int completions = this.completions.get();
		int errors = this.errors.get();
		if (completions + errors > 1) {
			return "ends " + (completions + errors) + " times";
		}
		Throwable error = this.error;
		if (error != null) {
			return "fails with " + error.getClass().getSimpleName();
		}
		return (completions == 1) ? "completes" : "hears nothing";
	}

}
