package io.github.asyncmiddleware.internal.style;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import io.github.asyncmiddleware.internal.response.ResponseHead;
import io.github.asyncmiddleware.internal.response.ResponseWriter;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
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
abstract class AwaitRest extends AwaitWord implements HandlerFunction<LiveResponse> {

	final ServerWebExchange exchange;

	final WebFilterChain chain;

	final ResponseCommit commit;

	// Published by the subscription, or by the word

	/** What next has returned first. */
	@Nullable AwaitNext next;

	@Nullable AwaitNext running;

	/** The head before the rest of the chain was started last. */
	private @Nullable ResponseHead head;

	/** What writes the response that is shown. */
	@Nullable ResponseWriter writer;

	@Nullable Throwable error;

	private @Nullable ServerResponse postponed;

	/** Further subscriptions to next, which get the same response. Guarded by this. */
	private @Nullable List<AwaitNext> joined;

	AwaitRest(ServerWebExchange exchange, WebFilterChain chain) {
		this.exchange = exchange;
		this.chain = chain;
		ResponseCommit commit = ResponseCommit.of(exchange);
		Assert.state(commit != null, "The response of a middleware that awaits is a face");
		this.commit = commit;
	}

	/**
	 * Send the response of the rest, and wait until that is done.
	 */
	abstract void send();

	/** Send a response of the middleware's own. */
	abstract void replaceBy(ServerResponse response);

	/** Signal the end of the middleware. */
	abstract void end(@Nullable Throwable error);

	@Override
	public final Mono<LiveResponse> handle(ServerRequest request) {
		Assert.notNull(request, "'request' must not be null");
		AwaitNext next = new AwaitNext(this, request.exchange());
		if (this.next == null) {
			this.next = next;
		}
		return next;
	}

	final @Nullable Step step() {
		return (this.chain instanceof Step step) ? step : null;
	}

	/**
	 * Whether the middleware was given up. If not, its clock is stopped: it is about to
	 * leave the next move to others.
	 */
	final boolean isGivenUp() {
		Step step = step();
		return step != null && !step.stopClock();
	}

	/** The middleware subscribes to next. */
	final void start(AwaitNext next) {
		Step step = step();
		if (mayStart(word()) && ((step != null && step.isGivenUp()) || isGivenUp())) {
			next.refuse();
			return;
		}
		int before = markStarted();
		if (mayStart(before)) {
			begin(next, rest(before) == OVER);
		}
		if (isCancelled()) {
			// What has cancelled it may have been too early to see this
			this.commit.leave(this);
			next.refuse();
		}
		else if ((before & DECIDED) != 0 && step != null && step.stepsIn(Misuse.LATE_NEXT)) {
			next.refuse();
		}
		else if (rest(before) != RUNNING || step == null) {
			// If the rest has been running before, the engine decides
			this.chain.filter(next.exchange()).subscribe(next);
		}
		else if (!step.tryRepeatNext(next.exchange(), next)) {
			// It gets the answer of the first one, which may not run yet
			Operators.complete(next);
		}
	}

	private void begin(AwaitNext next, boolean again) {
		if (again) {
			discard(null);
		}
		this.running = next;
		this.error = null;
		this.head = this.commit.head();
		this.commit.await(this);
	}

	@Override
	protected final boolean shown(ResponseWriter writer) {
		Step step = step();
		if (step != null) {
			step.responseShown(this);
		}
		boolean replaces = isGivenUpUpgrade(this.writer) && rest(word()) == SHOWN && (word() & DECIDED) == 0;
		this.writer = writer;
		return replaces || arrived(SHOWN);
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
		else if ((before & POSTPONED) != 0 && this.postponed != null) {
			replaceBy(this.postponed);
		}
		else if ((before & REQUESTED) != 0) {
			emit();
		}
		return true;
	}

	private void emit() {
		AwaitNext next = this.running;
		if (next != null) {
			next.emit();
		}
		if ((word() & JOINED) != 0) {
			takeJoined().forEach((joined) -> joined.join(null, true));
		}
	}

	/** A further run of the rest was refused, and the first answer stands. */
	private void join(AwaitNext next) {
		synchronized (this) {
			if (this.joined == null) {
				this.joined = new ArrayList<>(1);
			}
			this.joined.add(next);
		}
		int before = mark(JOINED);
		if (rest(before) != RUNNING) {
			takeJoined().forEach((joined) -> joined.join(null, isHere(before)));
		}
	}

	private synchronized List<AwaitNext> takeJoined() {
		List<AwaitNext> joined = (this.joined != null) ? this.joined : List.of();
		this.joined = null;
		return joined;
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
		int before = markRest(RUNNING, OVER);
		if (rest(before) != RUNNING) {
			finish(mark(ENDED), ENDED);
		}
		else if ((before & POSTPONED) != 0 && this.postponed != null) {
			replaceBy(this.postponed);
		}
		else if ((before & LEFT) == 0) {
			noteHead();
			next.pass(error);
			takeJoined().forEach((joined) -> joined.join(error, false));
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
			takeJoined().forEach((joined) -> joined.join(null, false));
			if ((before & POSTPONED) != 0 && this.postponed != null) {
				replaceBy(this.postponed);
			}
		}
	}

	/** What the middleware sets from now on stays if the rest runs once more. */
	private void noteHead() {
		if (this.head != null) {
			this.head = this.head.ended();
		}
	}

	@Override
	protected final @Nullable AttemptExchange part() {
		return AttemptExchange.partOf(this.exchange);
	}

	private boolean discard(@Nullable ResponseWriter shown) {
		return this.head == null || this.commit.discard(this, shown, part(), this.head);
	}

	final boolean tryPostpone(ServerResponse response) {
		this.postponed = response;
		return rest(markPostponed()) == RUNNING;
	}

	/**
	 * Nothing of the rest is to be sent.
	 * @return {@code false} if it is being sent already
	 */
	final boolean abandonRest() {
		boolean discarded = discardRest();
		Step step = step();
		if (discarded && step != null) {
			step.run().backAt(step);
		}
		return discarded;
	}

	private boolean discardRest() {
		int before = markAbandoned();
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

	/**
	 * One of the events has happened that the end waits for.
	 * @param before the word before that
	 * @param bit the event
	 */
	final void finish(int before, int bit) {
		if (!isFinished(before) && isFinished(before | bit) && (before & LEFT) == 0) {
			Step step = step();
			if (this.error != null && step != null) {
				step.responseFailed();
			}
			end(this.error);
		}
	}

}
