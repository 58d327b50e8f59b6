package io.github.asyncmiddleware.internal.chain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * Where the time of one request goes, from its arrival to its end.
 * <p>
 * At every moment the time belongs to one middleware or to the application; the clock is
 * read once where it changes hands. So the own times of the middlewares and the time of
 * the application add up to the time to first byte of the first middleware, to the
 * nanosecond. Nothing that happens after the head counts.
 */
public final class RequestTimeline extends Timeline {

	/** The head is out: times are final. */
	private static final int HEAD = 1 << 28;

	/** The request is over: nothing of it may start any more. */
	private static final int ENDED = 1 << 29;

	/** The end was reported. */
	private static final int REPORTED = 1 << 30;

	/** How many threads are in the middle of something that the end has to wait for. */
	private static final int ACTIVE = HEAD - 1;

	/** No middleware has something to do before the head. */
	static final int NO_HOOKS = 0;

	/** Some middleware has something to do before the head. */
	static final int HOOKS = 1;

	/** The head has to wait for some of that. */
	static final int WAITING_HOOKS = 2;

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(RequestTimeline.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final RequestObserver observer;

	private final ServerHttpRequest request;

	private final long arrived;

	private @Nullable ServerWebExchange exchange;

	/** Whose time it is; {@code null} for the application. */
	private @Nullable Step owner;

	/** Who is being called of several that are at work at the same time. */
	private @Nullable Step calling;

	/** When the time last changed hands. */
	private long handover;

	private long head;

	private int status;

	private @Nullable Step last;

	private @Nullable CoreSubscriber<? super Void> subscriber;

	private int segments;

	private int touches;

	private int hooks;

	private boolean restarted;

	private boolean headReported;

	private volatile boolean leaving;

	private final RequestEnd end = new RequestEnd();

	private volatile int state;

	/** Where it is in flight, once the thread that has begun it has left it. */
	volatile @Nullable InFlightRequests inFlight;

	/** Its neighbours there. Guarded by the list. */
	@Nullable RequestTimeline previousInFlight;

	@Nullable RequestTimeline nextInFlight;

	/** Who was last seen to hold it, and since when. Guarded by the list. */
	private @Nullable Step heldBy;

	private int heldSince;

	RequestTimeline(RequestObserver observer, ServerHttpRequest request) {
		this.observer = observer;
		this.request = request;
		this.arrived = observer.ticker().read();
	}

	/**
	 * The request as the server received it.
	 * @return the request
	 */
	public ServerHttpRequest request() {
		return this.request;
	}

	/**
	 * The exchange as the first filter saw it.
	 * @return the exchange, or {@code null} if the request did not get that far
	 */
	public @Nullable ServerWebExchange exchange() {
		return this.exchange;
	}

	/**
	 * The part of the middleware that was entered last, from which all of them can be
	 * reached.
	 * @return the last part, or {@code null} if no middleware was entered
	 */
	public @Nullable Step last() {
		return this.last;
	}

	/**
	 * Whether a head was committed.
	 * @return {@code false} if the request ended without one
	 */
	public boolean hasHead() {
		return (this.state & HEAD) != 0;
	}

	/**
	 * The status of the head.
	 * @return the status code, or 0 without a head
	 */
	public int status() {
		return this.status;
	}

	/**
	 * The time from the arrival of the request to its head.
	 * @return nanoseconds; only meaningful with a head
	 */
	public long ttfb() {
		return duration(this.arrived, this.head);
	}

	/**
	 * The time from the turn of a middleware to the head.
	 * @param step the part of the middleware
	 * @return nanoseconds; only meaningful with a head
	 */
	public long ttfb(Step step) {
		return duration(step.entered, this.head);
	}

	/**
	 * What is left of the time to first byte of the first middleware when the own times
	 * of all are taken off: handler, foreign filters and commit actions.
	 * @return nanoseconds; only meaningful with a head, and 0 if no middleware was
	 * entered
	 */
	public long app() {
		long own = 0;
		Step first = null;
		for (Step step = this.last; step != null; step = step.previous) {
			own += step.own;
			first = step;
		}
		return (first != null) ? Math.max(ttfb(first) - own, 0) : 0;
	}

	/**
	 * What the time to first byte of the first middleware would be if the head were now.
	 * The own times are brought up to this moment, and from then on the time is the
	 * application's. For a {@link HeadDecorator} and nobody else.
	 * @return nanoseconds, 0 if no middleware was entered
	 */
	public long ttfbSoFar() {
		long now = changeHands(null);
		Step first = this.last;
		while (first != null && first.previous != null) {
			first = first.previous;
		}
		return (first != null) ? duration(first.entered, now) : 0;
	}

	private static long duration(long from, long to) {
		// A clock that is asked on two processors can be a little apart
		return Math.max(to - from, 0);
	}

	void exchange(ServerWebExchange exchange) {
		this.exchange = exchange;
	}

	@Override
	void started(int segment) {
		if (segment <= this.segments) {
			this.restarted = true;
		}
		else {
			this.segments = segment;
		}
	}

	@Override
	void leaves(boolean leaves) {
		this.leaving = leaves;
	}

	/**
	 * Whether a response is on its way out.
	 */
	boolean isLeaving() {
		return this.leaving;
	}

	@Override
	int touches() {
		return this.touches;
	}

	void statusTouched() {
		this.touches += 1 << 16;
	}

	void headersTouched() {
		this.touches = (this.touches & 0xFFFF0000) | ((this.touches + 1) & 0xFFFF);
	}

	@Override
	void restarted() {
		this.restarted = true;
	}

	@Override
	boolean tryAcquire() {
		if (((int) STATE.getAndAdd(this, 1) & ENDED) != 0) {
			release();
			return false;
		}
		return true;
	}

	@Override
	void release() {
		int state = (int) STATE.getAndAdd(this, -1) - 1;
		if ((state & ENDED) != 0) {
			reportEnd();
		}
	}

	@Override
	boolean isEnded() {
		return (this.state & ENDED) != 0;
	}

	/**
	 * Where to note that the current thread begins the request.
	 */
	ThreadActivity beginning() {
		return this.observer.activities().beginning();
	}

	@Override
	ThreadActivity activity() {
		return this.observer.activities().current();
	}

	/**
	 * The middleware whose time it is, as seen by a thread that watches. The fields are
	 * written without any order towards that: what it sees may be a moment old, and is
	 * only of use if it stays the same from one look to the next, while the thread that
	 * writes stands still. What it finds by it does not change: a part knows its
	 * middleware from the beginning.
	 * @return its part, or {@code null} for the application
	 */
	public @Nullable Step holder() {
		Step owner = this.owner;
		return (owner != null) ? owner : this.calling;
	}

	/**
	 * The middleware that the request waits for, as seen by a thread that watches: of
	 * several at the same time, the first that is still at work.
	 * @return its part, or {@code null} for the application
	 */
	public @Nullable Step awaited() {
		Step owner = this.owner;
		Step last = this.last;
		if (owner != null || last == null || !last.isConcurrent()) {
			return owner;
		}
		Step first = null;
		for (Step step = last; step != null && step.isConcurrent(); step = step.previous) {
			if (step.isAtWork()) {
				first = step;
			}
		}
		return first;
	}

	/**
	 * Since when a middleware has been seen to hold the request. Only for the one thread
	 * that looks at the requests in flight, while it does.
	 * @param step the part of the middleware that holds it now, or {@code null} for none
	 * @param now the time, in whatever unit and from whatever origin
	 * @return the time when that middleware was first seen
	 */
	public int heldBy(@Nullable Step step, int now) {
		if (this.heldBy != step) {
			this.heldBy = step;
			this.heldSince = now;
		}
		return this.heldSince;
	}

	@Override
	void entered(Step step) {
		add(step, changeHands(step));
	}

	private void add(Step step, long now) {
		step.entered = now;
		if (!this.restarted || !takeOver(step)) {
			step.previous = this.last;
			this.last = step;
		}
		this.hooks |= step.link().hooks;
	}

	/**
	 * Whether the head has to wait for what a middleware does before it.
	 */
	boolean hasWaitingHooks() {
		return (this.hooks & WAITING_HOOKS) != 0;
	}

	/**
	 * Take over to run what the middlewares do before the head. It runs once.
	 * @return {@code false} if there is nothing to run, or nothing any more
	 */
	boolean takeHooks() {
		boolean taken = this.hooks != NO_HOOKS;
		this.hooks = NO_HOOKS;
		return taken;
	}

	@Override
	void subscribing(CoreSubscriber<? super Void> actual) {
		this.subscriber = actual;
	}

	/**
	 * Who waits for the middlewares that run now. Valid while one is called.
	 */
	@Nullable CoreSubscriber<? super Void> subscriber() {
		return this.subscriber;
	}

	@Override
	void enteredTogether(List<Step> steps) {
		long now = changeHands(null);
		for (Step step : steps) {
			add(step, now);
		}
	}

	@Override
	void calling(@Nullable Step step) {
		this.calling = step;
	}

	@Override
	void finishedTogether(Step step) {
		this.owner = step;
		changeHands(null);
	}

	@Override
	void handed() {
		changeHands(null);
	}

	@Override
	void returned(@Nullable Step step) {
		if (!hasHead()) {
			changeHands((step != null && step.link().isGroup()) ? null : step);
		}
	}

	private long changeHands(@Nullable Step to) {
		long now = this.observer.ticker().read();
		Step from = this.owner;
		if (from != null && !hasHead()) {
			from.own += now - this.handover;
		}
		this.handover = now;
		this.owner = to;
		return now;
	}

	/**
	 * A middleware that runs once more in the same request keeps one record and its place
	 * among the others: it was entered when it was entered first, and its own time goes
	 * on.
	 */
	private boolean takeOver(Step step) {
		Step after = null;
		for (Step earlier = this.last; earlier != null; earlier = earlier.previous) {
			if (earlier.middleware() == step.middleware()) {
				step.entered = earlier.entered;
				step.own += earlier.own;
				step.previous = earlier.previous;
				if (after != null) {
					after.previous = step;
				}
				else {
					this.last = step;
				}
				return true;
			}
			after = earlier;
		}
		return false;
	}

	@Override
	boolean isCommitted(ServerWebExchange exchange) {
		return hasHead();
	}

	/**
	 * The status and the headers are about to be handed to the server, and nobody else
	 * can change them any more. Only the first call counts.
	 * @param status the status code
	 * @param body whether a body follows whose end is not known yet
	 * @param response the response, to which a {@link HeadDecorator} may add
	 */
	void head(int status, boolean body, ServerHttpResponse response) {
		if (hasHead() || !tryAcquire()) {
			return;
		}
		try {
			this.observer.beforeHead(this, status, response);
			this.head = changeHands(null);
			this.status = status;
			if (!body) {
				this.end.bodyComplete();
			}
			STATE.getAndBitwiseOr(this, HEAD);
			if (body) {
				// A stream can last for hours, so its end is too late to report its head
				this.headReported = true;
				this.observer.onHead(this);
			}
		}
		finally {
			release();
		}
	}

	/**
	 * Where to note what is noticed of the end.
	 */
	RequestEnd end() {
		return this.end;
	}

	@Override
	void ended(Ending ending, @Nullable Throwable error) {
		if (this.end.ended(ending, error)) {
			STATE.getAndBitwiseOr(this, ENDED);
			InFlightRequests inFlight = this.inFlight;
			if (inFlight != null) {
				inFlight.remove(this);
			}
			reportEnd();
		}
	}

	private void reportEnd() {
		int state = this.state;
		while ((state & (ACTIVE | REPORTED)) == 0) {
			if (STATE.compareAndSet(this, state, state | REPORTED)) {
				if (!hasHead()) {
					changeHands(null);
				}
				this.observer.onEnd(this, this.end.judge(hasHead(), this.exchange), hasHead() && !this.headReported);
				// A connection that was upgraded keeps this object for as long as it
				// lives
				this.exchange = null;
				this.last = null;
				this.subscriber = null;
				return;
			}
			state = this.state;
		}
	}

}
