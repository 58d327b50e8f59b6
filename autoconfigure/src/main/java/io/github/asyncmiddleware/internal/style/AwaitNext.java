package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.LiveResponse;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.util.Assert;
import org.springframework.util.MultiValueMap;
import org.springframework.web.server.ServerWebExchange;

/**
 * What {@code next.handle(request)} returns, and the response that it emits. Stands
 * between the rest of the chain and the middleware that waits for it.
 * <p>
 * One object in several roles, since there is one for each middleware and request. The
 * response is that of the part of the chain that the middleware belongs to: once that was
 * given up, nothing can be changed through it.
 */
final class AwaitNext extends Mono<LiveResponse>
		implements LiveResponse, CoreSubscriber<Void>, Subscription, Scannable {

	private final AwaitRest run;

	private final ServerWebExchange exchange;

	/**
	 * Set once, by the thread that has claimed the rest with this. Published by the word.
	 */
	@SuppressWarnings("NullAway.Init")
	private CoreSubscriber<? super LiveResponse> actual;

	/** Read by what gives the rest up, see {@link AwaitRest#isUnwanted}. */
	private @Nullable Subscription subscription;

	private volatile boolean cancelled;

	/** Most request at once, on the thread that subscribes. */
	private boolean requested;

	AwaitNext(AwaitRest run, ServerWebExchange exchange) {
		this.run = run;
		this.exchange = exchange;
	}

	/**
	 * Subscribe with this, or with another one if this has a subscriber already.
	 * @param actual the subscriber
	 * @return what has it
	 */
	AwaitNext with(CoreSubscriber<? super LiveResponse> actual) {
		return (this.actual == null) ? subscribed(actual) : other(actual);
	}

	/**
	 * A further subscription, beside the one that runs the rest.
	 */
	AwaitNext other(CoreSubscriber<? super LiveResponse> actual) {
		return new AwaitNext(this.run, this.exchange).subscribed(actual);
	}

	private AwaitNext subscribed(CoreSubscriber<? super LiveResponse> actual) {
		this.actual = actual;
		return this;
	}

	ServerWebExchange exchange() {
		return this.exchange;
	}

	/**
	 * Whether this is the response of a middleware, and not of another one.
	 */
	boolean isOf(AwaitRest run) {
		return this.run == run;
	}

	@Override
	public HttpStatusCode statusCode() {
		return this.run.commit.awaited().statusCode();
	}

	@Override
	public void setStatusCode(HttpStatusCode status) {
		Assert.notNull(status, "'status' must not be null");
		if (!this.run.exchange.getResponse().setStatusCode(status)) {
			throw new IllegalStateException("The response is on its way, and its status cannot be changed any more");
		}
	}

	@Override
	public HttpHeaders headers() {
		return this.run.exchange.getResponse().getHeaders();
	}

	@Override
	public MultiValueMap<String, ResponseCookie> cookies() {
		return this.run.exchange.getResponse().getCookies();
	}

	/**
	 * Cannot be written to an exchange: its writer writes it to its own.
	 */
	@Override
	public Mono<Void> writeTo(ServerWebExchange exchange, Context context) {
		return Mono.error(new IllegalStateException("A live response is sent by returning it from the middleware"));
	}

	@Override
	public void subscribe(CoreSubscriber<? super LiveResponse> actual) {
		this.run.start(this, actual);
	}

	/**
	 * The rest of the chain does not run, and there is no response.
	 */
	void refuse() {
		Operators.complete(this.actual);
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.subscription = subscription;
		this.actual.onSubscribe(this);
		subscription.request(Long.MAX_VALUE);
		cancelIfUnwanted();
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

	/**
	 * Give the answer that another subscription has got to this one.
	 * @param error the error in place of an answer, or {@code null}
	 * @param answered whether there is an answer
	 */
	void join(@Nullable Throwable error, boolean answered) {
		if (this.cancelled) {
			return;
		}
		if (answered) {
			emit();
		}
		else {
			pass(error);
		}
	}

	void emit() {
		try {
			this.actual.onNext(this);
			this.actual.onComplete();
		}
		catch (LinkageError ex) {
			this.run.thrown(ex);
		}
	}

	void pass(@Nullable Throwable error) {
		try {
			end(this.actual, error);
		}
		catch (LinkageError ex) {
			this.run.thrown(ex);
		}
	}

	static void end(CoreSubscriber<?> actual, @Nullable Throwable error) {
		if (error != null) {
			actual.onError(error);
		}
		else {
			actual.onComplete();
		}
	}

	@Override
	public void request(long n) {
		this.run.requested(this);
		this.requested = true;
	}

	boolean isRequested() {
		return this.requested;
	}

	@Override
	public void cancel() {
		this.cancelled = true;
		this.run.nextCancelled(this);
		cancelIfUnwanted();
	}

	/**
	 * What has given the rest up may have been too early to see the subscription.
	 */
	private void cancelIfUnwanted() {
		if (this.run.isUnwanted(this)) {
			cancelRest();
		}
	}

	void cancelRest() {
		if (this.subscription != null) {
			this.subscription.cancel();
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
	public reactor.util.context.Context currentContext() {
		return this.actual.currentContext();
	}

	@Override
	public String toString() {
		return "LiveResponse " + statusCode();
	}

}
