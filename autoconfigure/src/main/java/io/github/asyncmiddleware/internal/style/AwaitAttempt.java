package io.github.asyncmiddleware.internal.style;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import io.github.asyncmiddleware.internal.response.ResponseHead;
import io.github.asyncmiddleware.internal.response.ResponseWriter;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * What the rest of the chain does to the response of a middleware that awaits it, how
 * that is undone, and what waits for it.
 */
abstract class AwaitAttempt extends AwaitWord {

	final ServerWebExchange exchange;

	final WebFilterChain chain;

	final ResponseCommit commit;

	/** The head before the rest of the chain was started last. */
	private @Nullable ResponseHead head;

	/** Why the rest has failed. */
	@Nullable Throwable error;

	/** Further subscriptions to next, which get the same response. Guarded by this. */
	private @Nullable List<AwaitNext> joined;

	/**
	 * What waits for the rest: a {@link ServerResponse}, an error, or {@code null} for an
	 * end without either. Published by the word.
	 */
	@Nullable Object postponed;

	AwaitAttempt(ServerWebExchange exchange, WebFilterChain chain) {
		this.exchange = exchange;
		this.chain = chain;
		ResponseCommit commit = ResponseCommit.of(exchange);
		Assert.state(commit != null, "The response of a middleware that awaits is a face");
		this.commit = commit;
	}

	/** Signal the end of the middleware. */
	abstract void end(@Nullable Throwable error);

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

	/** The rest is about to be started. */
	final void keepHead() {
		this.head = this.commit.head();
	}

	/** What the middleware sets from now on stays if the rest runs once more. */
	final void noteHead() {
		if (this.head != null) {
			this.head = this.head.ended();
		}
	}

	@Override
	protected final @Nullable AttemptExchange part() {
		return AttemptExchange.partOf(this.exchange);
	}

	final boolean discard(@Nullable ResponseWriter shown) {
		return this.head == null || this.commit.discard(this, shown, part(), this.head);
	}

	/**
	 * Leave what the middleware has decided to the thread that the rest is on.
	 * @param rest how the rest was
	 * @param response its answer, or {@code null}
	 * @param error its error, if there is no answer
	 * @return {@code false} if the rest is not like that any more
	 */
	final boolean tryPostpone(int rest, @Nullable ServerResponse response, @Nullable Throwable error) {
		this.postponed = (response != null) ? response : error;
		return rest(markPostponed(rest)) == rest;
	}

	/** A further run of the rest was refused, and the first answer stands. */
	final void join(AwaitNext next) {
		synchronized (this) {
			if (this.joined == null) {
				this.joined = new ArrayList<>(1);
			}
			this.joined.add(next);
		}
		int before = mark(JOINED);
		if (!isUnderWay(before)) {
			boolean here = isHere(before);
			answerJoined(here ? null : this.error, here);
		}
	}

	final void answerJoined(@Nullable Throwable error, boolean answered) {
		if ((word() & JOINED) != 0) {
			takeJoined().forEach((joined) -> joined.join(error, answered));
		}
	}

	private synchronized List<AwaitNext> takeJoined() {
		List<AwaitNext> joined = (this.joined != null) ? this.joined : List.of();
		this.joined = null;
		return joined;
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
