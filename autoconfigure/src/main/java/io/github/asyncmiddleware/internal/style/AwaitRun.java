package io.github.asyncmiddleware.internal.style;

import java.util.function.Supplier;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.ResponseGate;
import io.github.asyncmiddleware.internal.chain.ResponseHead;
import io.github.asyncmiddleware.internal.chain.Step;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
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
 * middleware is given, and what becomes of the response that it returns.
 * <p>
 * The rest of the chain and the middleware go on independently of each other, and each of
 * them can end first. The rest: not started, running, its response here (the head is
 * decided and held at the gate, or it has ended without having written), over. The
 * middleware: at work, decided. What is to be done is settled by the second of the two.
 */
final class AwaitRun extends ResponseGate.Waiting implements HandlerFunction<LiveResponse> {

	private static final int NOT_STARTED = 0;

	private static final int RUNNING = 1;

	/** The head is decided, and writing waits at the gate. */
	private static final int HELD = 2;

	/** The rest has completed without writing. */
	private static final int COMPLETED = 3;

	/** The rest has failed, or was cancelled by the middleware. */
	private static final int OVER = 4;

	private final ServerWebExchange exchange;

	private final WebFilterChain chain;

	private final Supplier<ServerResponse.Context> context;

	private final ResponseGate gate;

	private final Live live;

	private @Nullable Next next;

	private @Nullable Outcome outcome;

	/** The head before the rest of the chain was started. */
	private @Nullable ResponseHead head;

	// Guarded by this

	private int rest;

	private @Nullable Rest running;

	/** How the rest has ended after its response was here, if it has. */
	private @Nullable Ended ended;

	private boolean decided;

	/** A response of the middleware's own that has to wait for the rest. */
	private @Nullable ServerResponse postponed;

	/** Whether the response of the rest is the answer. */
	private boolean sending;

	AwaitRun(ServerWebExchange exchange, WebFilterChain chain, Supplier<ServerResponse.Context> context) {
		this.exchange = exchange;
		this.chain = chain;
		this.context = context;
		this.gate = ResponseGate.of(exchange);
		this.live = new Live(exchange.getResponse(), this.gate);
	}

	@Override
	public Mono<LiveResponse> handle(ServerRequest request) {
		Assert.notNull(request, "'request' must not be null");
		Next next = new Next(this, request.exchange());
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
			return this.chain.filter(this.next.exchange);
		}
		return new Answer(this, response);
	}

	private @Nullable Step step() {
		return (this.chain instanceof Step step) ? step : null;
	}

	private Outcome outcome() {
		Outcome outcome = this.outcome;
		Assert.state(outcome != null, "The middleware is not subscribed to");
		return outcome;
	}

	/**
	 * The middleware subscribes to next.
	 */
	private void start(ServerWebExchange exchange, CoreSubscriber<? super LiveResponse> actual) {
		Rest rest = new Rest(this, actual);
		boolean first = false;
		boolean late;
		synchronized (this) {
			late = this.decided;
			if (!late && (this.rest == NOT_STARTED || this.rest == OVER)) {
				first = true;
				this.rest = RUNNING;
				this.running = rest;
				this.ended = null;
			}
		}
		Step step = step();
		if (late && step != null && step.refusesLateNext()) {
			Operators.complete(actual);
			return;
		}
		if (first) {
			if (this.head == null) {
				this.head = this.gate.head();
			}
			this.gate.await(this);
		}
		// Where it is already running, the engine decides what becomes of it
		this.chain.filter(exchange).subscribe(rest);
	}

	@Override
	protected void responseReached() {
		Step step = step();
		if (step != null) {
			step.responseReached();
		}
		arrived(HELD);
	}

	/**
	 * The response of the rest is here.
	 */
	private void arrived(int how) {
		Rest rest;
		ServerResponse postponed;
		boolean sending;
		synchronized (this) {
			rest = this.running;
			if (this.rest == RUNNING) {
				this.rest = how;
			}
			else {
				rest = null;
			}
			postponed = this.postponed;
			sending = this.sending;
		}
		if (rest == null) {
			this.gate.discard(this, () -> {
			});
		}
		else if (sending) {
			send();
		}
		else if (postponed != null) {
			replaceBy(postponed);
		}
		else {
			rest.emit(this.live);
		}
	}

	/**
	 * The rest of the chain has ended.
	 */
	private void restEnded(Rest rest, @Nullable Throwable error) {
		int state;
		boolean sending;
		ServerResponse postponed;
		synchronized (this) {
			state = (rest == this.running) ? this.rest : NOT_STARTED;
			sending = this.sending;
			postponed = this.postponed;
			if (state != NOT_STARTED) {
				this.ended = new Ended(error);
			}
			if (state == RUNNING && error != null) {
				this.rest = OVER;
			}
		}
		if (state == NOT_STARTED) {
			rest.pass(error);
		}
		else if (state == RUNNING) {
			this.gate.leave(this);
			if (error == null) {
				arrived(COMPLETED);
			}
			else if (postponed != null) {
				replaceBy(postponed);
			}
			else if (sending) {
				outcome().end(error);
			}
			else {
				rest.pass(error);
			}
		}
		else if (sending) {
			outcome().end(error);
		}
	}

	/**
	 * The middleware has cancelled next, which has no effect once it has its response.
	 */
	private void nextCancelled(Rest rest) {
		synchronized (this) {
			if (rest != this.running || this.rest != RUNNING) {
				return;
			}
			this.rest = OVER;
		}
		this.gate.leave(this);
		rest.cancelRest();
	}

	/**
	 * The middleware has returned a response.
	 */
	private void answered(ServerResponse response) {
		boolean running;
		synchronized (this) {
			this.decided = true;
			running = this.rest == RUNNING;
		}
		if (response == this.live) {
			send();
			return;
		}
		Step step = step();
		if (!running || step == null || !step.isHeldForNext() || !tryPostpone(response)) {
			replaceBy(response);
		}
	}

	private synchronized boolean tryPostpone(ServerResponse response) {
		if (this.rest == RUNNING) {
			this.postponed = response;
			return true;
		}
		return false;
	}

	/**
	 * The middleware has completed without a response.
	 */
	private void answeredEmpty() {
		int rest;
		synchronized (this) {
			this.decided = true;
			rest = this.rest;
			if (rest == RUNNING) {
				this.sending = true;
			}
		}
		if (rest == HELD || rest == COMPLETED) {
			Step step = step();
			Throwable misuse = (step != null) ? step.responseDropped() : null;
			if (misuse != null) {
				failed(misuse);
			}
			else {
				send();
			}
		}
		else {
			// The engine judges, and waits for the rest if that is running
			outcome().end(null);
		}
	}

	/**
	 * Send the response of the rest, and wait until that is done.
	 */
	private void send() {
		int state;
		Ended ended;
		synchronized (this) {
			state = this.rest;
			ended = this.ended;
			this.sending = true;
		}
		if (state == HELD && ended == null) {
			this.gate.release(this);
		}
		else if (ended != null) {
			if (state == HELD) {
				// Nobody writes any more
				this.gate.discard(this, () -> {
				});
			}
			outcome().end(ended.error());
		}
	}

	private void failed(Throwable ex) {
		abandonRest();
		outcome().end(ex);
	}

	private void replaceBy(ServerResponse response) {
		abandonRest();
		if (this.exchange.getResponse().isCommitted()) {
			outcome().end(null);
			return;
		}
		if (this.head != null) {
			this.gate.restore(this.head);
		}
		outcome().write(response);
	}

	private void abandonRest() {
		Rest rest;
		int state;
		synchronized (this) {
			rest = this.running;
			state = this.rest;
			this.rest = OVER;
			this.running = null;
		}
		if (rest == null) {
			return;
		}
		if (state == HELD) {
			this.gate.discard(this, rest::cancelRest);
		}
		else {
			this.gate.leave(this);
			rest.cancelRest();
		}
	}

	/**
	 * How the rest of the chain has ended.
	 *
	 * @param error the error it has failed with, or {@code null}
	 */
	private record Ended(@Nullable Throwable error) {

	}

	/**
	 * What {@code next.handle(request)} returns.
	 */
	private static final class Next extends Mono<LiveResponse> {

		private final AwaitRun run;

		private final ServerWebExchange exchange;

		Next(AwaitRun run, ServerWebExchange exchange) {
			this.run = run;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super LiveResponse> actual) {
			this.run.start(this.exchange, actual);
		}

	}

	/**
	 * Stands between the rest of the chain and the middleware that waits for it.
	 */
	private static final class Rest implements CoreSubscriber<Void>, Subscription {

		private final AwaitRun run;

		private final CoreSubscriber<? super LiveResponse> actual;

		private @Nullable Subscription subscription;

		private boolean requested;

		private @Nullable LiveResponse waiting;

		Rest(AwaitRun run, CoreSubscriber<? super LiveResponse> actual) {
			this.run = run;
			this.actual = actual;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			this.actual.onSubscribe(this);
			subscription.request(Long.MAX_VALUE);
		}

		@Override
		public void onNext(Void value) {
		}

		@Override
		public void onError(Throwable ex) {
			this.run.restEnded(this, ex);
		}

		@Override
		public void onComplete() {
			this.run.restEnded(this, null);
		}

		void emit(LiveResponse response) {
			synchronized (this) {
				if (!this.requested) {
					this.waiting = response;
					return;
				}
			}
			this.actual.onNext(response);
			this.actual.onComplete();
		}

		void pass(@Nullable Throwable error) {
			if (error != null) {
				this.actual.onError(error);
			}
			else {
				this.actual.onComplete();
			}
		}

		@Override
		public void request(long n) {
			LiveResponse response;
			synchronized (this) {
				this.requested = true;
				response = this.waiting;
				this.waiting = null;
			}
			if (response != null) {
				emit(response);
			}
		}

		@Override
		public void cancel() {
			this.run.nextCancelled(this);
		}

		void cancelRest() {
			if (this.subscription != null) {
				this.subscription.cancel();
			}
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

	/**
	 * The request from the turn of the middleware on.
	 */
	private static final class Answer extends Mono<Void> {

		private final AwaitRun run;

		private final Mono<? extends ServerResponse> response;

		Answer(AwaitRun run, Mono<? extends ServerResponse> response) {
			this.run = run;
			this.response = response;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			Outcome outcome = new Outcome(this.run, actual);
			this.run.outcome = outcome;
			this.response.subscribe(outcome);
		}

	}

	/**
	 * Takes the response that the middleware returns, and tells the engine when it is
	 * sent.
	 */
	private static final class Outcome implements CoreSubscriber<ServerResponse>, Subscription {

		private final AwaitRun run;

		private final CoreSubscriber<? super Void> actual;

		private volatile @Nullable Subscription subscription;

		private volatile boolean cancelled;

		private boolean answered;

		private boolean ended;

		Outcome(AwaitRun run, CoreSubscriber<? super Void> actual) {
			this.run = run;
			this.actual = actual;
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
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.request(Long.MAX_VALUE);
			}
		}

		@Override
		public void onNext(ServerResponse response) {
			if (!this.answered) {
				this.answered = true;
				this.run.answered(response);
			}
		}

		@Override
		public void onError(Throwable ex) {
			if (this.answered) {
				Operators.onErrorDropped(ex, currentContext());
				return;
			}
			this.answered = true;
			this.run.failed(ex);
		}

		@Override
		public void onComplete() {
			if (!this.answered) {
				this.answered = true;
				this.run.answeredEmpty();
			}
		}

		void write(ServerResponse response) {
			Mono<Void> write;
			try {
				write = response.writeTo(this.run.exchange, this.run.context.get());
			}
			catch (Throwable ex) {
				Exceptions.throwIfFatal(ex);
				write = Mono.error(ex);
			}
			write.subscribe(new Write(this));
		}

		void end(@Nullable Throwable error) {
			synchronized (this) {
				if (this.ended) {
					return;
				}
				this.ended = true;
			}
			if (error != null) {
				this.actual.onError(error);
			}
			else {
				this.actual.onComplete();
			}
		}

		@Override
		public void cancel() {
			this.cancelled = true;
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.cancel();
			}
			this.run.abandonRest();
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

	/**
	 * Waits until a response of the middleware's own is written.
	 */
	private static final class Write implements CoreSubscriber<Void> {

		private final Outcome outcome;

		Write(Outcome outcome) {
			this.outcome = outcome;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.outcome.subscription = subscription;
			if (this.outcome.cancelled) {
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
			this.outcome.end(ex);
		}

		@Override
		public void onComplete() {
			this.outcome.end(null);
		}

		@Override
		public Context currentContext() {
			return this.outcome.currentContext();
		}

	}

}
