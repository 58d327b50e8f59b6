package io.github.asyncmiddleware.internal.chain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * The part of one middleware in one request: the {@code next} that it is given, the
 * publisher that {@code next} returns, and the record of its times, in one object.
 * <p>
 * The rest of the chain runs at most once, judged by subscription and not by assembly.
 * Its phases:
 *
 * <pre>
 * phase           claim               next completes   next fails    ends itself   fails itself
 * AT_WORK         HANDED              -                -             ANSWERED      FAILED
 * HANDED          refused             NEXT_COMPLETED   NEXT_FAILED   -             FAILED
 * NEXT_COMPLETED  refused             -                -             -             FAILED
 * NEXT_FAILED     HANDED if no head   -                -             -             -
 * ANSWERED        refused             -                -             -             -
 * FAILED          refused             -                -             -             -
 * MISUSED         refused             -                -             -             -
 * </pre>
 */
public final class Step extends Mono<Void> implements WebFilterChain {

	private static final int AT_WORK = 0;

	private static final int HANDED = 1;

	private static final int NEXT_COMPLETED = 2;

	private static final int NEXT_FAILED = 3;

	private static final int ANSWERED = 4;

	private static final int FAILED = 5;

	private static final int MISUSED = 6;

	private static final VarHandle PHASE;

	static {
		try {
			PHASE = MethodHandles.lookup().findVarHandle(Step.class, "phase", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Link link;

	private final Timeline timeline;

	private volatile int phase;

	/** What the rest of the chain sees, once the middleware has called next. */
	private @Nullable ServerWebExchange nextExchange;

	/** Where the response leaves the middleware, unless it returned next itself. */
	@Nullable Relay relay;

	/** The middleware entered before this one. Belongs to the timeline. */
	@Nullable Step previous;

	/** When the turn of the middleware came, on the clock of the timeline. */
	long entered;

	/** The time it spent itself, in nanoseconds. Belongs to the timeline. */
	long own;

	/**
	 * Create the part of the middleware that stands at a place.
	 * @param link the place
	 * @param timeline the timeline of the request
	 */
	Step(Link link, Timeline timeline) {
		this.link = link;
		this.timeline = timeline;
	}

	/**
	 * The middleware whose part this is.
	 * @return the middleware
	 */
	public Middleware middleware() {
		Middleware middleware = this.link.middleware;
		Assert.state(middleware != null, "A step belongs to a middleware");
		return middleware;
	}

	/**
	 * The part of the middleware whose turn came before, for going through all of them.
	 * @return the previous part, or {@code null} if this was the first
	 */
	public @Nullable Step previous() {
		return this.previous;
	}

	/**
	 * The time the middleware spent itself: before it handed over, and after the response
	 * reached it until it passed it on, as far as that was before the head.
	 * @return nanoseconds
	 */
	public long own() {
		return this.own;
	}

	/**
	 * How its part ended. Final once the request has ended.
	 * @return the result
	 */
	public MiddlewareResult result() {
		return switch (this.phase) {
			case AT_WORK -> MiddlewareResult.CANCELLED;
			case ANSWERED -> MiddlewareResult.ANSWERED;
			case FAILED -> MiddlewareResult.FAILED;
			case MISUSED -> MiddlewareResult.MISUSED;
			default -> MiddlewareResult.PASSED;
		};
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange) {
		Assert.notNull(exchange, "'exchange' must not be null");
		if (this.nextExchange == null) {
			this.nextExchange = exchange;
			return this;
		}
		return new Again(this, exchange);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		proceed(nextExchange(), actual);
	}

	private void proceed(ServerWebExchange exchange, CoreSubscriber<? super Void> actual) {
		Relay relay = this.relay;
		if (!claim(exchange)) {
			Operators.complete(actual);
		}
		else if (relay != null) {
			relay.proceed(this.link.next(), exchange, actual);
		}
		else {
			Segment.proceed(this.link.next(), this.timeline, exchange, actual, this, 0);
		}
	}

	/**
	 * The exchange that was given to next, for the rest of the chain.
	 */
	ServerWebExchange nextExchange() {
		ServerWebExchange exchange = this.nextExchange;
		if (exchange == null) {
			throw new IllegalStateException("next has not been called");
		}
		return exchange;
	}

	/**
	 * Hand over, if the rest of the chain may run.
	 * @return {@code false} if it may not
	 */
	boolean claim() {
		return claim(nextExchange());
	}

	private boolean claim(ServerWebExchange exchange) {
		int phase = this.phase;
		if ((phase != AT_WORK && phase != NEXT_FAILED) || this.timeline.isCommitted(exchange)
				|| !PHASE.compareAndSet(this, phase, HANDED)) {
			return false;
		}
		if (phase == NEXT_FAILED) {
			this.timeline.restarted();
		}
		return true;
	}

	/**
	 * The rest of the chain has ended.
	 * @param error the error it ended with, or {@code null} if it completed
	 */
	void nextEnded(@Nullable Throwable error) {
		PHASE.compareAndSet(this, HANDED, (error != null) ? NEXT_FAILED : NEXT_COMPLETED);
	}

	/**
	 * The middleware has ended.
	 * @param error the error it ended with, or {@code null} if it completed
	 */
	void ended(@Nullable Throwable error) {
		if (error != null) {
			failed();
		}
		else {
			PHASE.compareAndSet(this, AT_WORK, ANSWERED);
		}
	}

	/**
	 * The middleware has failed. The error is its own unless the rest of the chain failed
	 * before.
	 */
	void failed() {
		int phase = this.phase;
		while (phase != NEXT_FAILED && phase != MISUSED && !PHASE.compareAndSet(this, phase, FAILED)) {
			phase = this.phase;
		}
	}

	/**
	 * The middleware has broken the rules, so that the request cannot go on.
	 */
	void misused() {
		this.phase = MISUSED;
	}

	@Override
	public String toString() {
		return "next of " + middleware();
	}

	/**
	 * What next returns when it is called once more: its own exchange, the same claim.
	 */
	private static final class Again extends Mono<Void> {

		private final Step step;

		private final ServerWebExchange exchange;

		Again(Step step, ServerWebExchange exchange) {
			this.step = step;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			this.step.proceed(this.exchange, actual);
		}

	}

}
