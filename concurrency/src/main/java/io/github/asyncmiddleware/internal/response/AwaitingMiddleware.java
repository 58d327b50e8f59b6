package io.github.asyncmiddleware.internal.response;

import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.concurrency.StressRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * A middleware that awaits the response, reduced to what the commit sees of it. It
 * releases the response that it is shown at once, or when it is told to.
 */
final class AwaitingMiddleware extends Waiting {

	private static final int RUNNING = 0;

	private static final int SHOWN = 1;

	private static final int OVER = 2;

	private static final int RELEASED = 1;

	/** It is over when the rest of the chain is, and the response if it carries that. */
	private static final int DONE = 3;

	private final AtomicInteger state = new AtomicInteger();

	private final AtomicInteger sent = new AtomicInteger();

	/** What its own end waits for, and what has come of that. */
	private final AtomicInteger progress = new AtomicInteger();

	private final ResponseCommit commit;

	private final ResponseHead head;

	private final boolean atOnce;

	private volatile @Nullable ResponseWriter writer;

	private volatile @Nullable Runnable end;

	AwaitingMiddleware(StressRequest request, boolean atOnce) {
		this.commit = request.face().commit();
		this.head = this.commit.head();
		this.atOnce = atOnce;
		this.commit.await(this);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		Operators.complete(actual);
	}

	@Override
	protected boolean shown(ResponseWriter writer) {
		this.writer = writer;
		if (!this.state.compareAndSet(RUNNING, SHOWN)) {
			return false;
		}
		if (this.atOnce) {
			release();
		}
		return true;
	}

	boolean isShown() {
		return this.state.get() == SHOWN;
	}

	/**
	 * Let the response pass on that was shown.
	 */
	void release() {
		ResponseWriter writer = this.writer;
		if (writer != null && !this.commit.release(this, writer)) {
			proceed(RELEASED);
		}
	}

	/**
	 * The rest of the chain is over.
	 * @param end is told when the middleware is, too
	 */
	void restEnds(Runnable end) {
		this.end = end;
		if (!this.commit.isShowing(this) && this.state.compareAndSet(RUNNING, OVER)) {
			this.commit.leave(this);
			end.run();
		}
		else {
			proceed(DONE - RELEASED);
		}
	}

	private void proceed(int how) {
		int before = this.progress.getAndUpdate((progress) -> progress | how);
		Runnable end = this.end;
		if (before != DONE && (before | how) == DONE && end != null) {
			end.run();
		}
	}

	/**
	 * Stop carrying the response that was released.
	 */
	void cancel() {
		ResponseWriter writer = this.writer;
		if (writer != null) {
			writer.cancelCarried();
		}
	}

	/**
	 * Do not wait for the response any more, unless it is here.
	 * @param rest cancels the rest of the chain
	 * @return {@code false} if it is
	 */
	boolean tryGiveUp(Runnable rest) {
		if (!this.state.compareAndSet(RUNNING, OVER)) {
			return false;
		}
		rest.run();
		this.commit.discard(this, null, null, this.head);
		return true;
	}

	/**
	 * Answer itself in place of the response that was shown.
	 * @return {@code false} if that was sent
	 */
	boolean discard() {
		return this.commit.discard(this, this.writer, null, this.head);
	}

	/**
	 * Discard what the rest of the chain has done to a response that was not shown.
	 * @param part the part of the chain that this belongs to
	 */
	void discardRest(AttemptExchange part) {
		this.commit.discard(this, null, part, this.head);
	}

	@Override
	protected void sent(@Nullable Throwable error) {
		this.sent.incrementAndGet();
		proceed(RELEASED);
	}

	/**
	 * How often it was told that the response is sent.
	 */
	int sent() {
		return this.sent.get();
	}

	@Override
	public boolean tryDecide() {
		return true;
	}

	@Override
	public void letGo() {
		release();
	}

}
