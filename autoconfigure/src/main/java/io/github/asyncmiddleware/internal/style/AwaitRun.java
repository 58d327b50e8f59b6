package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.run.ResponseGate;
import io.github.asyncmiddleware.internal.run.ResponseHead;
import io.github.asyncmiddleware.internal.run.Step;
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
 * them can end first. The rest is not started; running; its response is here, which means
 * that the head is decided and held at the gate, or that it has completed without having
 * written; or it is over. The middleware is at work or has decided. What is to be done is
 * settled by the second of the two.
 * <p>
 * One object in several roles, since there is one for each middleware and request. Is
 * subscribed to once.
 */
final class AwaitRun extends ResponseGate.Waiting
		implements HandlerFunction<LiveResponse>, CoreSubscriber<ServerResponse>, Subscription {

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(AwaitRun.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/** The part of the state that tells of the rest of the chain. */
	private static final int REST = 7;

	private static final int NOT_STARTED = 0;

	private static final int RUNNING = 1;

	/** The head is decided, and writing waits at the gate. */
	private static final int HELD = 2;

	/** The rest has completed without writing. */
	private static final int COMPLETED = 3;

	/** The rest has failed, or was cancelled. */
	private static final int OVER = 4;

	/** The middleware can be given the response. */
	private static final int REQUESTED = 1 << 3;

	/** The rest has ended after its response was here. */
	private static final int ENDED = 1 << 4;

	/** The middleware has decided. */
	private static final int DECIDED = 1 << 5;

	/** The response of the rest is the answer. */
	private static final int SENDING = 1 << 6;

	/** The answer is another one, and waits for the rest. */
	private static final int POSTPONED = 1 << 7;

	/** The end was left to the engine, which waits for the rest. */
	private static final int LEFT = 1 << 8;

	private static final int CANCELLED = 1 << 9;

	private final AwaitFilter filter;

	private final ServerWebExchange exchange;

	private final WebFilterChain chain;

	private final ResponseGate gate;

	private volatile int state;

	private @Nullable Next next;

	private @Nullable Next running;

	@SuppressWarnings("NullAway.Init")
	private Mono<? extends ServerResponse> response;

	@SuppressWarnings("NullAway.Init")
	private CoreSubscriber<? super Void> actual;

	private @Nullable Subscription subscription;

	/** The head before the rest of the chain was started. */
	private @Nullable ResponseHead head;

	private @Nullable Throwable restError;

	private @Nullable ServerResponse postponed;

	AwaitRun(AwaitFilter filter, ServerWebExchange exchange, WebFilterChain chain, ResponseGate gate) {
		this.filter = filter;
		this.exchange = exchange;
		this.chain = chain;
		this.gate = gate;
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
		this.response = response;
		return this;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.actual = actual;
		this.response.subscribe(this);
	}

	private @Nullable Step step() {
		return (this.chain instanceof Step step) ? step : null;
	}

	/**
	 * The middleware subscribes to next.
	 */
	private void start(Next next) {
		int state = this.state;
		while ((state & DECIDED) == 0 && (rest(state) == NOT_STARTED || rest(state) == OVER)) {
			if (isGivenUp()) {
				Operators.complete(next);
				return;
			}
			if (STATE.compareAndSet(this, state, (state & ~(REST | REQUESTED | ENDED)) | RUNNING)) {
				this.running = next;
				if (this.head == null) {
					this.head = this.gate.head();
				}
				this.gate.await(this);
				this.chain.filter(next.exchange).subscribe(next);
				return;
			}
			state = this.state;
		}
		Step step = step();
		if ((state & DECIDED) != 0 && step != null && step.refusesLateNext()) {
			Operators.complete(next);
			return;
		}
		// The rest is already running, and the engine decides what becomes of it
		this.chain.filter(next.exchange).subscribe(next);
	}

	/**
	 * Whether the middleware has used up its time. If not, its clock is stopped: it is
	 * about to leave the next move to others.
	 */
	private boolean isGivenUp() {
		Step step = step();
		return step != null && !step.stopClock();
	}

	private static int rest(int state) {
		return state & REST;
	}

	/**
	 * Change the part of the state that tells of the rest.
	 * @return the state before, in which the rest was something else if nothing was
	 * changed
	 */
	private int changeRest(int from, int to) {
		int state = this.state;
		while (rest(state) == from && !STATE.compareAndSet(this, state, (state & ~REST) | to)) {
			state = this.state;
		}
		return state;
	}

	private int add(int bits) {
		return (int) STATE.getAndBitwiseOr(this, bits);
	}

	@Override
	protected void responseReached() {
		Step step = step();
		if (step != null) {
			step.responseReached(this);
		}
		arrived(HELD);
	}

	@Override
	protected void letGo() {
		if ((add(DECIDED | SENDING) & DECIDED) == 0) {
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.cancel();
			}
			send();
		}
	}

	/**
	 * The response of the rest is here.
	 */
	private void arrived(int how) {
		int state = changeRest(RUNNING, how);
		Next next = this.running;
		if (rest(state) != RUNNING || next == null) {
			discardHeld();
		}
		else if ((state & SENDING) != 0) {
			send();
		}
		else if ((state & POSTPONED) != 0 && this.postponed != null) {
			replaceBy(this.postponed);
		}
		else if ((state & REQUESTED) != 0) {
			next.emit();
		}
	}

	private void requested(Next next) {
		if (next == this.running) {
			int state = add(REQUESTED);
			boolean here = rest(state) == HELD || rest(state) == COMPLETED;
			if (here && (state & (REQUESTED | DECIDED)) == 0) {
				next.emit();
			}
		}
	}

	/**
	 * The rest of the chain has ended.
	 */
	private void restEnded(Next next, @Nullable Throwable error) {
		if (next != this.running) {
			next.pass(error);
			return;
		}
		this.restError = error;
		int state = (error != null) ? changeRest(RUNNING, OVER) : this.state;
		if (rest(state) == RUNNING) {
			this.gate.leave(this);
			if (error == null) {
				add(ENDED);
				arrived(COMPLETED);
			}
			else if ((state & POSTPONED) != 0 && this.postponed != null) {
				replaceBy(this.postponed);
			}
			else if ((state & LEFT) == 0) {
				next.pass(error);
			}
		}
		else if ((state & SENDING) != 0 || (add(ENDED) & SENDING) != 0) {
			if ((this.state & LEFT) == 0) {
				end(error);
			}
		}
	}

	/**
	 * The middleware has cancelled next, which has no effect once it has its response, or
	 * once that is sent without it.
	 */
	private void nextCancelled(Next next) {
		boolean matters = next == this.running && (this.state & SENDING) == 0;
		if (matters && rest(changeRest(RUNNING, OVER)) == RUNNING) {
			this.gate.leave(this);
			next.cancelRest();
		}
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
		boolean live = response == this.gate.live();
		int state = add(live ? DECIDED | SENDING : DECIDED);
		if ((state & DECIDED) != 0) {
			return;
		}
		if (live) {
			send();
			return;
		}
		Step step = step();
		if (rest(state) != RUNNING || step == null || !step.isHeldForNext() || !tryPostpone(response)) {
			replaceBy(response);
		}
	}

	private boolean tryPostpone(ServerResponse response) {
		this.postponed = response;
		int state = this.state;
		while (rest(state) == RUNNING) {
			if (STATE.compareAndSet(this, state, state | POSTPONED)) {
				return true;
			}
			state = this.state;
		}
		return false;
	}

	/**
	 * The middleware has completed, which is a surprise if there was no response.
	 */
	@Override
	public void onComplete() {
		int state = this.state;
		if ((state & DECIDED) != 0 || isGivenUp()) {
			return;
		}
		while (!STATE.compareAndSet(this, state, state | DECIDED | ((rest(state) == RUNNING) ? SENDING | LEFT : 0))) {
			state = this.state;
		}
		if (rest(state) != HELD && rest(state) != COMPLETED) {
			// The engine judges, and waits for the rest if that is running
			end(null);
			return;
		}
		Step step = step();
		Throwable misuse = (step != null) ? step.responseDropped() : null;
		if (misuse != null) {
			abandonForError();
			end(misuse);
		}
		else {
			add(SENDING);
			send();
		}
	}

	@Override
	public void onError(Throwable ex) {
		if (isGivenUp()) {
			return;
		}
		if ((add(DECIDED) & DECIDED) != 0) {
			Operators.onErrorDropped(ex, currentContext());
			return;
		}
		abandonForError();
		end(ex);
	}

	/**
	 * Send the response of the rest, and wait until that is done.
	 */
	private void send() {
		int state = this.state;
		if ((state & ENDED) != 0) {
			// Nobody writes any more
			discardHeld();
			if ((state & LEFT) == 0) {
				end(this.restError);
			}
		}
		else if (rest(state) == HELD) {
			this.gate.release(this);
		}
	}

	private void replaceBy(ServerResponse response) {
		abandonRest();
		if (this.exchange.getResponse().isCommitted()) {
			end(null);
			return;
		}
		Step step = step();
		if (step != null) {
			step.startClock();
		}
		Mono<Void> write;
		try {
			if (this.head != null) {
				this.gate.restore(this.head);
			}
			write = response.writeTo(this.exchange, this.filter.responseContext());
		}
		catch (Throwable ex) {
			Exceptions.throwIfFatal(ex);
			// What was abandoned can have been on its way already, and then it stands
			write = (ex instanceof UnsupportedOperationException && this.exchange.getResponse().isCommitted())
					? Mono.empty() : Mono.error(ex);
		}
		write.subscribe(new Write(this));
	}

	/**
	 * Somebody further out is going to send something about an error in place of a
	 * response that may be held.
	 */
	private void abandonForError() {
		boolean held = isReached();
		abandonRest();
		if (held && !this.exchange.getResponse().isCommitted()) {
			this.gate.forgetBody();
		}
	}

	private void abandonRest() {
		int state = this.state;
		while (!STATE.compareAndSet(this, state, (state & ~REST) | OVER)) {
			state = this.state;
		}
		Next next = this.running;
		this.running = null;
		if (next == null) {
			return;
		}
		if (isReached()) {
			this.gate.discard(this, next::cancelRest);
		}
		else {
			this.gate.leave(this);
			next.cancelRest();
		}
	}

	/**
	 * Nobody is going to let the response go that is held, if one is.
	 */
	private void discardHeld() {
		this.gate.discard(this, () -> {
		});
	}

	private void end(@Nullable Throwable error) {
		end(this.actual, error);
	}

	private static void end(CoreSubscriber<?> actual, @Nullable Throwable error) {
		if (error != null) {
			actual.onError(error);
		}
		else {
			actual.onComplete();
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
	public void cancel() {
		add(CANCELLED);
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
		Step step = step();
		if (step != null && step.isGivenUp()) {
			abandonForError();
		}
		else {
			abandonRest();
		}
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

	/**
	 * What {@code next.handle(request)} returns. Stands between the rest of the chain and
	 * the middleware that waits for it.
	 */
	private static final class Next extends Mono<LiveResponse> implements CoreSubscriber<Void>, Subscription {

		private final AwaitRun run;

		private final ServerWebExchange exchange;

		@SuppressWarnings("NullAway.Init")
		private CoreSubscriber<? super LiveResponse> actual;

		private @Nullable Subscription subscription;

		Next(AwaitRun run, ServerWebExchange exchange) {
			this.run = run;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super LiveResponse> actual) {
			if (this.actual != null) {
				new Next(this.run, this.exchange).subscribe(actual);
				return;
			}
			this.actual = actual;
			this.run.start(this);
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

		void emit() {
			this.actual.onNext(this.run.gate.live());
			this.actual.onComplete();
		}

		void pass(@Nullable Throwable error) {
			end(this.actual, error);
		}

		@Override
		public void request(long n) {
			this.run.requested(this);
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
			// Not only a look: orders it against a cancellation
			if ((this.run.add(0) & CANCELLED) != 0) {
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
