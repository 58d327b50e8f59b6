package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.internal.response.ResponseHead;
import io.github.asyncmiddleware.internal.response.ResponseWriter;
import io.github.asyncmiddleware.internal.response.WorkSubscriber;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

/**
 * One request in a middleware that awaits the response: what the middleware returns, and
 * the sending of that.
 * <p>
 * One object in several roles, since there is one for each middleware and request. Is
 * subscribed to once.
 */
final class AwaitRun extends AwaitRest implements CoreSubscriber<ServerResponse>, Subscription, Scannable {

	private final AwaitFilter filter;

	@SuppressWarnings("NullAway.Init")
	private Mono<? extends ServerResponse> response;

	@SuppressWarnings("NullAway.Init")
	private CoreSubscriber<? super Void> actual;

	private volatile @Nullable Subscription subscription;

	AwaitRun(AwaitFilter filter, ServerWebExchange exchange, WebFilterChain chain) {
		super(exchange, chain);
		this.filter = filter;
	}

	/**
	 * What the engine has to wait for.
	 * @param response what the middleware has returned
	 */
	Mono<Void> answeredWith(Mono<? extends ServerResponse> response) {
		AwaitNext next = this.next;
		if (next != null && next == response && rest(markRest(NOT_STARTED, PASSED_ON)) == NOT_STARTED) {
			return this.chain.filter(next.exchange());
		}
		this.response = response;
		return this;
	}

	/**
	 * The middleware has returned no publisher. It may have subscribed to next.
	 */
	void unanswered() {
		mark(DECIDED);
		if (this.running != null) {
			abandonRest();
		}
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.actual = actual;
		Step step = step();
		if (step != null && this.commit.isShowing(this)) {
			// It was shown while the function ran, when there was no clock yet
			step.responseShown(this);
		}
		// Told before those further in, so that long chains need no deep stack for it
		actual.onSubscribe(this);
		if ((word() & CANCELLED) == 0) {
			this.response.subscribe(this);
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
			if ((word() & CANCELLED) != 0) {
				subscription.cancel();
			}
			else {
				subscription.request(Long.MAX_VALUE);
			}
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
		boolean live = response instanceof AwaitNext next && next.isOf(this) && isToCome(word())
				&& !isRefusedUpgrade(response);
		int before = mark(live ? DECIDED | SENDING : DECIDED);
		if ((before & (DECIDED | CANCELLED)) != 0) {
			return;
		}
		if (live) {
			send();
			return;
		}
		Step step = step();
		if (rest(before) != RUNNING || step == null || !step.isHeldForNext() || !tryPostpone(RUNNING, response, null)) {
			replaceBy(response);
		}
	}

	/**
	 * Whether the middleware has given a handshake another status, which makes an answer
	 * of its own of the response.
	 */
	private boolean isRefusedUpgrade(ServerResponse response) {
		return rest(word()) == SHOWN && isUpgrade(this.writer)
				&& !HttpStatus.SWITCHING_PROTOCOLS.isSameCodeAs(response.statusCode());
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
			if (rest(before) == ENDING && tryPostpone(ENDING, null, null)) {
				return;
			}
			if (!leavesEnd(before)) {
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
		before = abandonRestFor(null, ex);
		if (isChanging(before)) {
			return;
		}
		if (rest(before) == OVER) {
			// What has failed may have left headers for the page that tells of it
			this.commit.leave(this);
		}
		else {
			abandonRest(before);
		}
		end(ex);
	}

	/**
	 * Once it has decided, the error belongs to a subscriber further out.
	 */
	@Override
	void thrown(LinkageError ex) {
		if ((word() & DECIDED) != 0) {
			throw ex;
		}
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
		onError(Thrown.toSignal(ex));
	}

	@Override
	public boolean hasLetGo() {
		return (word() & SENDING) != 0;
	}

	@Override
	public boolean tryDecide() {
		return (markSending() & (DECIDED | CANCELLED)) == 0;
	}

	@Override
	public void letGo() {
		Subscription subscription = this.subscription;
		if (subscription != null) {
			subscription.cancel();
		}
		send();
	}

	/**
	 * Send the response of the rest, and wait until that is done.
	 */
	@Override
	void send() {
		ResponseWriter writer = this.writer;
		if (rest(word()) == COMPLETED) {
			this.commit.leave(this);
			finish(mark(RELEASED), RELEASED);
		}
		else if (writer != null && rest(word()) == SHOWN) {
			if (!this.commit.release(this, writer)) {
				finish(mark(RELEASED), RELEASED);
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

	@Override
	void replaceBy(ServerResponse response) {
		WebHandler answer = answer(response);
		int before = abandonRestFor(response, null);
		if (isChanging(before)) {
			return;
		}
		if (!abandonRest(before) || this.exchange.getResponse().isCommitted()) {
			end(null);
			return;
		}
		Step step = step();
		if (step != null) {
			step.responseReplaced();
		}
		Mono<Void> write = (step != null) ? step.run().answer(answer, this.exchange)
				: Mono.defer(() -> answer.handle(this.exchange));
		write.subscribe(new WorkSubscriber(this) {

			@Override
			protected boolean starts(Subscription subscription) {
				AwaitRun.this.subscription = subscription;
				return (word() & CANCELLED) == 0;
			}

			@Override
			protected void ended(@Nullable Throwable error) {
				end(error);
			}

		});
	}

	private WebHandler answer(ServerResponse response) {
		if (!(response instanceof AwaitNext)) {
			return (exchange) -> response.writeTo(exchange, this.filter.responseContext());
		}
		ResponseHead head = this.commit.head();
		return (exchange) -> {
			head.applyTo(exchange.getResponse());
			return exchange.getResponse().setComplete();
		};
	}

	@Override
	void end(@Nullable Throwable error) {
		AwaitNext.end(this.actual, error);
	}

	@Override
	public void request(long n) {
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
		if (writer != null && (before & RELEASED) == 0 && !discard(writer)) {
			// Released meanwhile, or about to be sent
			writer.cancelCarried();
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

}
