package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.watch.InFlightRequests;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
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
public final class RequestTimeline extends Timeline implements RequestRecord {

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

	private final RequestReporter reporter;

	private final ThreadActivities activities;

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
	private volatile InFlightRequests.@Nullable Entry inFlight;

	/**
	 * Create the timeline of a request that has just arrived.
	 * @param reporter who is told of its head and its end
	 * @param activities where it is noted what threads are doing
	 * @param request the request
	 */
	public RequestTimeline(RequestReporter reporter, ThreadActivities activities, ServerHttpRequest request) {
		this.reporter = reporter;
		this.activities = activities;
		this.request = request;
		this.arrived = reporter.ticker().read();
	}

	@Override
	public ServerHttpRequest request() {
		return this.request;
	}

	@Override
	public @Nullable ServerWebExchange exchange() {
		return this.exchange;
	}

	@Override
	public @Nullable Step last() {
		return this.last;
	}

	@Override
	public boolean hasHead() {
		return (this.state & HEAD) != 0;
	}

	@Override
	public int status() {
		return this.status;
	}

	@Override
	public long ttfb() {
		return duration(this.arrived, this.head);
	}

	@Override
	public long ttfb(StepRecord step) {
		return duration(step.entered(), this.head);
	}

	@Override
	public long app() {
		long own = 0;
		Step first = null;
		for (Step step = this.last; step != null; step = step.previous) {
			own += step.own;
			first = step;
		}
		return (first != null) ? Math.max(ttfb(first) - own, 0) : 0;
	}

	@Override
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

	/**
	 * The request has got as far as the filters.
	 * @param exchange the exchange as the first filter sees it
	 */
	public void exchange(ServerWebExchange exchange) {
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
	public boolean isEnded() {
		return (this.state & ENDED) != 0;
	}

	/**
	 * Where to note that the current thread begins the request.
	 * @return what the thread is doing
	 */
	public ThreadActivity beginning() {
		return this.activities.beginning();
	}

	/**
	 * The thread that has begun the request leaves it, and the request goes on.
	 * @param activity the activity of the thread
	 */
	public void leaveInFlight(ThreadActivity activity) {
		this.inFlight = activity.leaveInFlight(this);
		// Whoever ends it either sees the entry, or is seen here
		if (isEnded()) {
			removeInFlight();
		}
	}

	@Override
	RequestRecord record() {
		return this;
	}

	@Override
	ThreadActivity activity() {
		return this.activities.current();
	}

	@Override
	public @Nullable Step holder() {
		Step owner = this.owner;
		return (owner != null) ? owner : this.calling;
	}

	@Override
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
		long now = this.reporter.ticker().read();
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
			this.reporter.beforeHead(this, status, response);
			this.head = changeHands(null);
			this.status = status;
			if (!body) {
				this.end.bodyComplete();
			}
			STATE.getAndBitwiseOr(this, HEAD);
			if (body) {
				// A stream can last for hours, so its end is too late to report its head
				this.headReported = true;
				this.reporter.onHead(this);
			}
		}
		finally {
			release();
		}
	}

	/**
	 * Where to note what is noticed of the end.
	 * @return the end
	 */
	public RequestEnd end() {
		return this.end;
	}

	@Override
	public void ended(Ending ending, @Nullable Throwable error) {
		if (this.end.ended(ending, error)) {
			STATE.getAndBitwiseOr(this, ENDED);
			removeInFlight();
			reportEnd();
		}
	}

	private void removeInFlight() {
		InFlightRequests.Entry entry = this.inFlight;
		if (entry != null) {
			entry.remove();
			this.inFlight = null;
		}
	}

	private void reportEnd() {
		int state = this.state;
		while ((state & (ACTIVE | REPORTED)) == 0) {
			if (STATE.compareAndSet(this, state, state | REPORTED)) {
				if (!hasHead()) {
					changeHands(null);
				}
				this.reporter.onEnd(this, this.end.judge(hasHead(), this.exchange), hasHead() && !this.headReported);
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
