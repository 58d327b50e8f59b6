package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.response.ResponseWriter;
import io.github.asyncmiddleware.internal.run.Handover;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import org.springframework.util.Assert;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * The {@code next} that a middleware which awaits the response is given: runs the rest of
 * the chain, shows its response to the middleware, and gives it up where the middleware
 * wants none.
 */
abstract class AwaitRest extends AwaitAttempt implements HandlerFunction<LiveResponse> {

	// Published by the subscription, or by the word

	/** What next has returned first. */
	@Nullable AwaitNext next;

	@Nullable AwaitNext running;

	/** What writes the response that is shown. */
	@Nullable ResponseWriter writer;

	AwaitRest(ServerWebExchange exchange, WebFilterChain chain) {
		super(exchange, chain);
	}

	/**
	 * Send the response of the rest, and wait until that is done.
	 */
	abstract void send();

	/** Send a response of the middleware's own. */
	abstract void replaceBy(ServerResponse response);

	@Override
	public final Mono<LiveResponse> handle(ServerRequest request) {
		Assert.notNull(request, "'request' must not be null");
		AwaitNext next = new AwaitNext(this, request.exchange());
		if (this.next == null) {
			this.next = next;
		}
		return next;
	}

	/** Whether the rest was given up that a subscription to next has started. */
	final boolean isUnwanted(AwaitNext next) {
		if (!next.isRequested()) {
			// Either this thread sees that, or the one that gives it up sees the
			// subscription. A request has changed the word after that was there
			VarHandle.fullFence();
		}
		int word = word();
		return (word & CANCELLED) != 0 || (next == this.running && rest(word) == OVER);
	}

	/** Something subscribes to what next has returned. */
	final void start(AwaitNext returned, CoreSubscriber<? super LiveResponse> actual) {
		Step step = step();
		if (mayStart(word()) && ((step != null && step.isGivenUp()) || isGivenUp())) {
			Operators.complete(actual);
			return;
		}
		int before = markStarting();
		if (mayStart(before)) {
			start(returned.with(actual), rest(before) == OVER);
		}
		else if (isCancelled() || ((before & DECIDED) != 0 && step != null && step.stepsIn(Misuse.LATE_NEXT))) {
			Operators.complete(actual);
		}
		else {
			repeat(before, returned.other(actual));
		}
	}

	/** The rest of the chain has been started before, or can be no more. */
	private void repeat(int before, AwaitNext next) {
		Step step = step();
		if (!isUnderWay(before) || step == null) {
			// If the rest has been running before, the engine decides
			this.chain.filter(next.exchange()).subscribe(next);
		}
		else if (!Handover.tryRepeat(step, next.exchange(), next)) {
			Operators.complete(next);
		}
	}

	/**
	 * Prepare for the response of the rest, and run that. What the middleware decides
	 * until the rest runs is left to this thread to do.
	 */
	private void start(AwaitNext next, boolean again) {
		if (again) {
			discard(null);
		}
		this.running = next;
		this.error = null;
		keepHead();
		this.commit.await(this);
		Step step = step();
		ServerWebExchange exchange = (step != null) ? Handover.tryBegin(step, next.exchange()) : next.exchange();
		int before = markRunning();
		if (!mayRun(before)) {
			this.commit.leave(this);
			if (step != null && exchange != null) {
				Handover.takeBack(step, (before & CANCELLED) == 0);
			}
			settle(markUnstarted());
			next.refuse();
			answerJoined(null, false);
		}
		else if (exchange == null) {
			Operators.complete(next);
		}
		else if (step != null) {
			Handover.proceed(step, exchange, next);
		}
		else {
			this.chain.filter(exchange).subscribe(next);
		}
	}

	@Override
	protected final boolean isWaiting() {
		int word = word();
		return rest(word) != STARTING && (word & UNSTARTED) == 0;
	}

	@Override
	protected final boolean shown(ResponseWriter writer) {
		Step step = step();
		if (step != null) {
			step.responseShown(this);
		}
		if (isGivenUpUpgrade(this.writer)) {
			markReplacing();
		}
		this.writer = writer;
		return arrived(SHOWN);
	}

	/**
	 * The response of the rest is here.
	 * @return {@code false} if the rest is not waited for any more
	 */
	private boolean arrived(int how) {
		int before = markRest(RUNNING, how);
		if (rest(before) != RUNNING) {
			return false;
		}
		if ((before & SENDING) != 0) {
			send();
		}
		else if (!settle(before) && (before & (REQUESTED | REPLACING)) == REQUESTED) {
			emit();
		}
		return true;
	}

	private void emit() {
		AwaitNext next = this.running;
		if (next != null) {
			next.emit();
		}
		answerJoined(null, true);
	}

	final void requested(AwaitNext next) {
		if (next == this.running) {
			int before = mark(REQUESTED);
			if (isHere(before) && (before & (REQUESTED | DECIDED)) == 0) {
				emit();
			}
		}
	}

	/** The rest of the chain has ended. */
	final void restEnded(AwaitNext next, @Nullable Throwable error) {
		if (next != this.running) {
			if (error == null && (word() & DECIDED) == 0) {
				join(next);
			}
			else {
				next.pass(error);
			}
			return;
		}
		if (error == null) {
			int before = mark(ENDED);
			Step step = step();
			if (rest(before) == RUNNING && this.commit.isShowing(this)) {
				// Given up in this moment, but it stands and is about to be here
				return;
			}
			if (rest(before) == RUNNING && step != null) {
				step.responseShown(this);
			}
			if (rest(before) != RUNNING || !arrived(COMPLETED)) {
				finish(before, ENDED);
			}
			return;
		}
		this.error = error;
		if (rest(markRest(RUNNING, ENDING)) != RUNNING) {
			finish(mark(ENDED), ENDED);
			return;
		}
		noteHead();
		int before = markRest(ENDING, OVER);
		if (settle(before)) {
			return;
		}
		if ((before & LEFT) == 0) {
			next.pass(error);
			answerJoined(error, false);
		}
		else {
			this.commit.leave(this);
		}
	}

	/**
	 * The middleware has cancelled next, which has no effect once it has its response, or
	 * once that is sent without it.
	 */
	final void nextCancelled(AwaitNext next) {
		int before = (next == this.running) ? markUnlessSending() : SENDING;
		if (rest(before) == RUNNING && (before & SENDING) == 0) {
			next.cancelRest();
			Step step = step();
			if (discard(null) && step != null) {
				step.run().backAt(step);
			}
			noteHead();
			settle(markRest(ENDING, OVER));
			answerJoined(null, false);
		}
	}

	/**
	 * Do what was decided while this thread has changed the rest.
	 * @param before the word before it was done with that
	 * @return whether something was
	 */
	private boolean settle(int before) {
		if ((before & POSTPONED) == 0) {
			return false;
		}
		if (this.postponed instanceof ServerResponse response) {
			replaceBy(response);
		}
		else {
			this.commit.leave(this);
			end((Throwable) this.postponed);
		}
		return true;
	}

	/**
	 * Nothing of the rest is to be sent. A thread that is about to change the rest does
	 * that by itself.
	 * @return {@code false} if it is being sent already
	 */
	final boolean abandonRest() {
		int before = markAbandoned();
		return isChanging(before) || abandonRest(before);
	}

	/**
	 * Nothing of the rest is to be sent, since something was decided.
	 * @param response the answer of the middleware, or {@code null}
	 * @param error its error, if there is no answer
	 * @return the word before; if a thread is about to change the rest, it does what was
	 * decided
	 */
	final int abandonRestFor(@Nullable ServerResponse response, @Nullable Throwable error) {
		int before = markAbandoned();
		while (isChanging(before) && !tryPostpone(rest(before), response, error)) {
			before = markAbandoned();
		}
		return before;
	}

	/**
	 * Nothing of the rest is to be sent.
	 * @param before the word before that was decided
	 * @return {@code false} if it is being sent already
	 */
	final boolean abandonRest(int before) {
		boolean discarded = discardRest(before);
		Step step = step();
		if (discarded && step != null) {
			step.run().backAt(step);
		}
		return discarded;
	}

	private boolean discardRest(int before) {
		AwaitNext next = this.running;
		if (next == null) {
			return true;
		}
		if (rest(before) == SHOWN) {
			if (isUpgrade(this.writer)) {
				next.cancelRest();
			}
			// Those further in have answered, so they complete instead of being cancelled
			boolean discarded = discard(this.writer);
			if ((word() & ENDED) == 0) {
				next.cancelRest();
			}
			return discarded;
		}
		if (rest(before) != COMPLETED) {
			next.cancelRest();
		}
		return discard(null);
	}

}
