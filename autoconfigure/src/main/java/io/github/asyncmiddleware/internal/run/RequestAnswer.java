package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.Ending;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.response.CommitListener;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.response.ResponseHead;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;

/**
 * What a {@link RequestRun} knows of its answer: whether there is one, whose it is, what
 * was done to the response, and how long neither a middleware nor the application has
 * been at work on it.
 */
public abstract class RequestAnswer extends RequestActivity implements CommitListener {

	private static final VarHandle TOUCHES;

	static {
		try {
			TOUCHES = MethodHandles.lookup().findVarHandle(RequestAnswer.class, "touches", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final WaitTime clientWait;

	/** For a response on its way out; {@code null} where no middleware has a deadline. */
	private final @Nullable WaitTime leaving;

	/** The response as the filters see it. Set before the first of them runs. */
	private @Nullable ResponseFace response;

	/** A filter around middlewares had answered before they were entered. */
	private boolean answeredBefore;

	/**
	 * Whose answer is on its way: the part of a middleware, or the response that another
	 * has written to; one field, as it is there for each request. Changed in the lock of
	 * the commit of that answer; who enters middlewares after it is on the thread that
	 * has written it.
	 */
	private @Nullable Object answering;

	/**
	 * Whose clock was stopped for an answer that has left. Changed in the lock of the
	 * commit of that answer, which can be that of a decorator; one answer passes through
	 * both on one thread.
	 */
	private @Nullable Step stopped;

	/**
	 * Status and body in the upper half, headers and cookies in the lower. Several
	 * threads count where a part of the chain goes on that was given up.
	 */
	private volatile int touches;

	RequestAnswer(Ticker ticker, ThreadActivities activities, Deadlines clock) {
		super(ticker, activities);
		this.clientWait = new WaitTime(clock);
		this.leaving = (clock != Deadlines.NONE) ? new WaitTime(clock) : null;
	}

	/**
	 * Set the response.
	 * @param response the response of the server
	 * @return the response as the filters are to see it
	 */
	public final ServerHttpResponse observe(ServerHttpResponse response) {
		this.response = ResponseFace.ofServer(response, this);
		return this.response;
	}

	@Override
	final boolean isObserved() {
		return this.response != null;
	}

	/**
	 * How long bytes of the client have been waited for.
	 * @return where that is noted
	 */
	public final WaitTime clientWait() {
		return this.clientWait;
	}

	@Override
	public final boolean isWaitingForClient() {
		return this.clientWait.isWaiting();
	}

	/**
	 * Whether a response is on its way out, and the middleware that made it cannot do
	 * anything about it.
	 */
	final boolean isLeaving() {
		return this.leaving != null && this.leaving.isWaiting();
	}

	/**
	 * How long the request has been waiting for what no middleware is to blame for.
	 * @param shown whether the response that is on its way is shown to the middleware
	 * that asks, so that it is to blame for that
	 * @return nanoseconds
	 */
	final long waited(boolean shown) {
		long left = (this.leaving != null && !shown) ? this.leaving.waited() : 0;
		return this.clientWait.waited() + left;
	}

	/**
	 * Whether there is nothing left to do: the request has ended, or the server could not
	 * write its response. A filter that answers first has something to do afterwards.
	 */
	final boolean isOver() {
		return isEnded() || (!this.answeredBefore && end().isWriteLost());
	}

	/**
	 * Whether an answer was made, sent or not.
	 * @param exchange the exchange as a middleware sees it
	 */
	final boolean isAnswered(ServerWebExchange exchange) {
		ResponseFace response = this.response;
		if (response != null && response.commit().isAnswered()) {
			return true;
		}
		ResponseCommit commit = ResponseCommit.of(exchange);
		return (commit != null) ? commit.isAnswered() : exchange.getResponse().isCommitted();
	}

	/**
	 * Whether a middleware has answered, or what comes after it, sent or not. A filter
	 * that answers first and runs the rest of the chain afterwards is left alone.
	 * @param exchange the exchange as a middleware sees it
	 */
	final boolean isAnsweredWithin(ServerWebExchange exchange) {
		return !this.answeredBefore && isAnswered(exchange);
	}

	/**
	 * Whether there is an answer that is none of a middleware at work, as one further out
	 * makes that does not await the rest of the chain.
	 * @param step the part of the one that is at work
	 */
	final boolean isAnsweredByOther(Step step) {
		if (!isAnsweredWithin(step.exchange)) {
			return false;
		}
		// Published by the word of the commit, which says that there is an answer
		Object answering = this.answering;
		return (answering instanceof ResponseFace face) ? !step.answersWith(face)
				: answering != null && answering != step;
	}

	/**
	 * A row of middlewares is about to be entered.
	 * @param exchange the exchange as they see it
	 */
	final void entering(ServerWebExchange exchange) {
		if (!(this.answering instanceof Step step && !step.link().foreign) && isAnswered(exchange)) {
			this.answeredBefore = true;
		}
	}

	/**
	 * Whether the head is with the server, so that nothing can change it.
	 * @param exchange the exchange as a middleware sees it
	 */
	final boolean isSent(ServerWebExchange exchange) {
		ResponseFace response = this.response;
		return (response != null) ? response.commit().isSent() : exchange.getResponse().isCommitted();
	}

	/**
	 * Whether a response is past the part of the chain that has made it, and its head not
	 * with the server.
	 */
	final boolean isOnItsWay() {
		return this.response != null && this.response.commit().isOnItsWay();
	}

	/**
	 * What has been decided of the head so far.
	 */
	final ResponseHead head() {
		ResponseFace response = this.response;
		Assert.state(response != null, "Only a request with a boundary has a head of its own");
		return response.commit().head();
	}

	/**
	 * Let the end of the request wait until the server has what is being handed to it.
	 * @param end ends the request
	 * @return {@code false} if there is nothing to wait for
	 */
	public final boolean tryAwaitHandover(Runnable end) {
		return this.response != null && this.response.commit().tryAwaitHandover(end);
	}

	@Override
	public final int touches() {
		// Where nothing is known, something may have been touched each time that is asked
		return (this.response != null) ? this.touches : (int) TOUCHES.getAndAdd(this, 1);
	}

	@Override
	public final void statusTouched() {
		TOUCHES.getAndAdd(this, 1 << 16);
	}

	@Override
	public final void headersTouched() {
		int touches = this.touches;
		while (!TOUCHES.compareAndSet(this, touches, (touches & 0xFFFF0000) | ((touches + 1) & 0xFFFF))) {
			touches = this.touches;
		}
	}

	/**
	 * The response is on its way out and has reached a middleware, or another filter.
	 * @param step whose time it is from now on, or {@code null} for the application
	 */
	final void returned(@Nullable Step step) {
		pass(place(step));
	}

	/**
	 * The request is back at a middleware, or at another filter: the part further in has
	 * ended or was given up. If a response is on its way, that has gone on without them;
	 * if the middleware was given up itself, the time is that of one further out.
	 * @param step the part of the middleware, or {@code null} for another filter
	 */
	public final void backAt(@Nullable Step step) {
		backAt(step, (step != null) ? step.relay() : null);
	}

	/**
	 * The same where another part knows whether those further out have given it up.
	 * @param part the part that has ended, or that of a group, or {@code null}
	 */
	final void backAt(@Nullable Step step, @Nullable RelayedEnd part) {
		// Most come back when the response has gone on, which takes no lock
		if (hasHead() || isOnItsWay()) {
			return;
		}
		synchronized (this) {
			if (!isOnItsWay() && (part == null || part.mayGiveBackTo(step))) {
				returned(step);
			}
		}
	}

	/**
	 * Note the end, after which no time changes hands.
	 * @return {@code false} if the request was over already
	 */
	final synchronized boolean tryEnd(Ending ending, @Nullable Throwable error) {
		boolean ended = end().ended(ending, error, hasHead() ? 0 : now());
		if (ended) {
			markEnded();
		}
		return ended;
	}

	@Override
	public final boolean tryLeave(ResponseFace face) {
		// What is written after the end of the request is no middleware's answer
		Step step = (!isEnded() && owner() instanceof Step owner && owner.answersWith(face)) ? owner : null;
		if (step != null) {
			if (!OwnTime.stop(step)) {
				return false;
			}
			step.markAnswering();
			this.stopped = step;
		}
		this.answering = (step != null) ? step : face;
		if (this.leaving != null) {
			this.leaving.begin();
		}
		return true;
	}

	@Override
	public void stays(boolean server) {
		if (this.leaving != null) {
			this.leaving.end();
		}
		Step step = this.stopped;
		if (step != null && !isOnItsWay()) {
			this.stopped = null;
			OwnTime.start(step);
		}
	}

	@Override
	public final void answerFailed() {
		if (this.answering instanceof Step step) {
			step.markUnanswered();
		}
	}

	@Override
	public final void atEnd(Runnable action) {
		doAtEnd(action);
	}

	/**
	 * The request has ended.
	 */
	final void forgetAnswering() {
		this.answering = null;
		this.stopped = null;
	}

}
