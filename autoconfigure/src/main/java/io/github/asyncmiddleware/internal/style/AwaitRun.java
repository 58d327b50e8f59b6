package io.github.asyncmiddleware.internal.style;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.response.ResponseHead;
import io.github.asyncmiddleware.internal.response.ResponseWriter;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.util.Assert;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * One request in a middleware that awaits the response: the {@code next} that the
 * middleware is given, and the sending of the response that it returns.
 * <p>
 * One object in several roles, since there is one for each middleware and request. Is
 * subscribed to once.
 */
final class AwaitRun extends AwaitWord
		implements HandlerFunction<LiveResponse>, CoreSubscriber<ServerResponse>, Subscription, Scannable {

	private final AwaitFilter filter;

	private final ServerWebExchange exchange;

	private final WebFilterChain chain;

	private final ResponseFace face;

	private final ResponseCommit commit;

	// Published by the subscription, or by the word

	private @Nullable AwaitNext next;

	private @Nullable AwaitNext running;

	@SuppressWarnings("NullAway.Init")
	private Mono<? extends ServerResponse> response;

	@SuppressWarnings("NullAway.Init")
	private CoreSubscriber<? super Void> actual;

	private volatile @Nullable Subscription subscription;

	/** The head before the rest of the chain was started. */
	private @Nullable ResponseHead head;

	/** What writes the response that is shown. */
	private @Nullable ResponseWriter writer;

	private @Nullable Throwable error;

	private @Nullable ServerResponse postponed;

	/** Further subscriptions to next, which get the same response. Guarded by this. */
	private @Nullable List<AwaitNext> joined;

	AwaitRun(AwaitFilter filter, ServerWebExchange exchange, WebFilterChain chain, ResponseFace face) {
		this.filter = filter;
		this.exchange = exchange;
		this.chain = chain;
		this.face = face;
		this.commit = face.commit();
	}

	@Override
	public Mono<LiveResponse> handle(ServerRequest request) {
		Assert.notNull(request, "'request' must not be null");
		AwaitNext next = new AwaitNext(this, request.exchange());
		if (this.next == null) {
			this.next = next;
		}
		return next;
	}

	/**
	 * What the engine has to wait for.
	 * @param response what the middleware has returned
	 */
	Mono<Void> answeredWith(Mono<? extends ServerResponse> response) {
		if (this.next != null && this.next == response) {
			return this.chain.filter(this.next.exchange());
		}
		this.response = response;
		return this;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.actual = actual;
		this.response.subscribe(this);
	}

	LiveResponse live() {
		return this.commit.live();
	}

	private @Nullable Step step() {
		return (this.chain instanceof Step step) ? step : null;
	}

	/**
	 * Whether the middleware was given up. If not, its clock is stopped: it is about to
	 * leave the next move to others.
	 */
	private boolean isGivenUp() {
		Step step = step();
		return step != null && !step.stopClock();
	}

	/**
	 * The middleware subscribes to next.
	 */
	void start(AwaitNext next) {
		if (mayStart(word()) && isGivenUp()) {
			Operators.complete(next);
			return;
		}
		int before = markStarted();
		if (mayStart(before)) {
			if (rest(before) == OVER) {
				discard(null);
			}
			this.running = next;
			this.error = null;
			if (this.head == null) {
				this.head = this.commit.head();
			}
			this.commit.await(this);
			this.chain.filter(next.exchange()).subscribe(next);
			return;
		}
		Step step = step();
		if ((before & DECIDED) != 0 && step != null && step.stepsIn(Misuse.LATE_NEXT)) {
			Operators.complete(next);
			return;
		}
		// The rest is already running or has been, and the engine decides about this run
		this.chain.filter(next.exchange()).subscribe(next);
	}

	@Override
	protected boolean shown(ResponseWriter writer) {
		Step step = step();
		if (step != null) {
			step.responseShown(this);
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

	/**
	 * A further run of the rest was refused, and the first answer stands.
	 */
	private void join(AwaitNext next) {
		synchronized (this) {
			if (this.joined == null) {
				this.joined = new ArrayList<>(1);
			}
			this.joined.add(next);
		}
		int before = mark(JOINED);
		if (isHere(before)) {
			takeJoined().forEach((joined) -> joined.join(null, true));
		}
		else if (rest(before) != RUNNING) {
			takeJoined().forEach((joined) -> joined.join(null, false));
		}
	}

	private synchronized List<AwaitNext> takeJoined() {
		List<AwaitNext> joined = (this.joined != null) ? this.joined : List.of();
		this.joined = null;
		return joined;
	}

	void requested(AwaitNext next) {
		if (next == this.running) {
			int before = mark(REQUESTED);
			if (isHere(before) && (before & (REQUESTED | DECIDED)) == 0) {
				emit();
			}
		}
	}

	/**
	 * The rest of the chain has ended.
	 */
	void restEnded(AwaitNext next, @Nullable Throwable error) {
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
	void nextCancelled(AwaitNext next) {
		int before = (next == this.running) ? markUnlessSending() : SENDING;
		if (rest(before) == RUNNING && (before & SENDING) == 0) {
			next.cancelRest();
			discard(null);
		}
	}

	private boolean discard(@Nullable ResponseWriter writer) {
		return this.head == null || this.commit.discard(this, writer, this.face, this.head);
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			this.actual.onSubscribe(this);
		}
	}

	/**
	 * The middleware has returned a response.
	 */
	@Override
	public void onNext(ServerResponse response) {
		if (isGivenUp()) {
			return;
		}
		boolean live = response == this.commit.live();
		int before = mark(live ? DECIDED | SENDING : DECIDED);
		if ((before & (DECIDED | CANCELLED)) != 0) {
			return;
		}
		if (live) {
			send();
			return;
		}
		Step step = step();
		if (rest(before) != RUNNING || step == null || !step.isHeldForNext() || !tryPostpone(response)) {
			replaceBy(response);
		}
	}

	private boolean tryPostpone(ServerResponse response) {
		this.postponed = response;
		return rest(markPostponed()) == RUNNING;
	}

	/**
	 * The middleware has completed, which is a surprise if there was no response.
	 */
	@Override
	public void onComplete() {
		if ((word() & DECIDED) != 0 || isGivenUp()) {
			return;
		}
		int before = markCompleted();
		if ((before & (DECIDED | CANCELLED)) != 0) {
			return;
		}
		if (!isHere(before)) {
			if (rest(before) != RUNNING) {
				this.commit.leave(this);
			}
			// The engine judges, and waits for the rest if that is running
			end(null);
			return;
		}
		Step step = step();
		Throwable misuse = (step != null) ? step.responseDropped() : null;
		if (misuse != null) {
			abandonRest();
			end(misuse);
		}
		else {
			mark(SENDING);
			send();
		}
	}

	@Override
	public void onError(Throwable ex) {
		if (isGivenUp()) {
			return;
		}
		int before = mark(DECIDED);
		if ((before & (DECIDED | CANCELLED)) != 0) {
			Operators.onErrorDropped(ex, currentContext());
			return;
		}
		if (rest(before) == OVER) {
			// What has failed may have left headers for the page that tells of it
			this.commit.leave(this);
		}
		else {
			abandonRest();
		}
		end(ex);
	}

	@Override
	public void letGo() {
		if ((mark(DECIDED | SENDING) & (DECIDED | CANCELLED)) == 0) {
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.cancel();
			}
			send();
		}
	}

	/**
	 * Send the response of the rest, and wait until that is done.
	 */
	private void send() {
		ResponseWriter writer = this.writer;
		if (rest(word()) == COMPLETED) {
			this.commit.leave(this);
			finish(mark(RELEASED), RELEASED);
		}
		else if (writer != null) {
			if (!this.commit.release(this, writer)) {
				finish(mark(RELEASED), RELEASED);
			}
			else if ((word() & CANCELLED) != 0) {
				this.commit.cancel(writer);
			}
		}
	}

	@Override
	protected void sent(@Nullable Throwable error) {
		if (error != null) {
			this.error = error;
		}
		finish(mark(SENT), SENT);
	}

	/**
	 * One of the events has happened that the end waits for.
	 * @param before the word before that
	 * @param bit the event
	 */
	private void finish(int before, int bit) {
		if (!isFinished(before) && isFinished(before | bit) && (before & LEFT) == 0) {
			Step step = step();
			if (this.error != null && step != null) {
				step.responseFailed();
			}
			end(this.error);
		}
	}

	private void replaceBy(ServerResponse response) {
		if (!abandonRest() || this.exchange.getResponse().isCommitted()) {
			end(null);
			return;
		}
		Step step = step();
		if (step != null) {
			step.responseReplaced();
		}
		Mono<Void> write;
		try {
			write = response.writeTo(this.exchange, this.filter.responseContext());
		}
		catch (Throwable ex) {
			Exceptions.throwIfFatal(ex);
			write = Mono.error(ex);
		}
		write.subscribe(new Write(this));
	}

	/**
	 * Nothing of the rest is to be sent.
	 * @return {@code false} if it is being sent already
	 */
	private boolean abandonRest() {
		int before = markAbandoned();
		AwaitNext next = this.running;
		if (next == null) {
			return true;
		}
		if (rest(before) == SHOWN) {
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

	private void end(@Nullable Throwable error) {
		AwaitNext.end(this.actual, error);
	}

	@Override
	public void request(long n) {
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.request(Long.MAX_VALUE);
		}
	}

	@Override
	public void cancel() {
		int before = mark(CANCELLED);
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
		if ((before & SENDING) == 0) {
			abandonRest();
			return;
		}
		AwaitNext next = this.running;
		if (next != null) {
			next.cancelRest();
		}
		ResponseWriter writer = this.writer;
		if (writer != null && (before & RELEASED) == 0) {
			this.commit.cancel(writer);
		}
	}

	@Override
	@SuppressWarnings("rawtypes")
	public @Nullable Object scanUnsafe(Attr key) {
		if (key == Attr.PARENT) {
			return this.subscription;
		}
		return (key == Attr.ACTUAL) ? this.actual : null;
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

	/**
	 * Waits until a response of the middleware's own is written.
	 */
	private static final class Write implements CoreSubscriber<Void> {

		private final AwaitRun run;

		Write(AwaitRun run) {
			this.run = run;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.run.subscription = subscription;
			if ((this.run.word() & CANCELLED) != 0) {
				subscription.cancel();
			}
			else {
				subscription.request(Long.MAX_VALUE);
			}
		}

		@Override
		public void onNext(Void value) {
		}

		@Override
		public void onError(Throwable ex) {
			this.run.end(ex);
		}

		@Override
		public void onComplete() {
			this.run.end(null);
		}

		@Override
		public Context currentContext() {
			return this.run.currentContext();
		}

	}

}
