package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.Ending;
import io.github.asyncmiddleware.internal.record.RequestEnd;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.response.CommitListener;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.watch.InFlightRequests;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * One request on its way through the chain: the one object that is known of it, found in
 * one place, an attribute of the exchange.
 * <p>
 * Its end is noted once, by whichever thread comes first, and reported when no thread is
 * in the middle of it any more.
 */
public final class RequestRun extends RequestWord implements CommitListener {

	private static final String ATTRIBUTE = RequestRun.class.getName();

	private final @Nullable RequestReporter reporter;

	private final ThreadActivities activities;

	private final ServerHttpRequest request;

	private final WaitTime clientWait;

	/** For a response on its way out; {@code null} where no middleware has a deadline. */
	private final @Nullable WaitTime leaving;

	private final RequestEnd end = new RequestEnd();

	/** The response as the filters see it. Set before the first of them runs. */
	private @Nullable ResponseFace response;

	private @Nullable ServerWebExchange exchange;

	/** Ends the request where no signal can. Set before the first filter runs. */
	private @Nullable Terminal terminal;

	private int status;

	/** Whose answer is on its way. Published by the signals of the response. */
	private @Nullable Step answering;

	/** Whether some middleware that was entered has something to do before the head. */
	private boolean hooked;

	private boolean headReported;

	/** The runs of segments, latest first. Guarded by this. */
	private @Nullable SegmentRun segments;

	/** Status and body in the upper half, headers and cookies in the lower. */
	private int touches;

	/** What the thread is doing that the request is on; only a hint for the watch. */
	private ThreadActivity here = ThreadActivity.UNWATCHED;

	/** Where it is in flight, once the thread that has begun it has left it. */
	private volatile InFlightRequests.@Nullable Entry inFlight;

	private RequestRun(@Nullable RequestReporter reporter, ThreadActivities activities, Deadlines clock,
			ServerHttpRequest request) {
		super((reporter != null) ? reporter.ticker() : Ticker.STOPPED);
		this.reporter = reporter;
		this.activities = activities;
		this.request = request;
		this.clientWait = new WaitTime(clock);
		this.leaving = (clock != Deadlines.NONE) ? new WaitTime(clock) : null;
	}

	/**
	 * Begin a request.
	 * @param reporter is told of its head and its end
	 * @param activities where it is noted what threads are doing
	 * @param clock the clock of deadlines
	 * @param request the request as the server received it
	 * @return the request, whose response and terminal have to be set
	 */
	public static RequestRun begin(RequestReporter reporter, ThreadActivities activities, Deadlines clock,
			ServerHttpRequest request) {
		return new RequestRun(reporter, activities, clock, request);
	}

	/**
	 * The request that an exchange belongs to. Where there is no boundary, as for a
	 * filter that Spring runs by itself, one is made that observes nothing.
	 * @param exchange the exchange
	 * @return always the same object for one request
	 */
	public static RequestRun of(ServerWebExchange exchange) {
		if (exchange.getAttributes().get(ATTRIBUTE) instanceof RequestRun run) {
			return run;
		}
		RequestRun run = new RequestRun(null, ThreadActivities.NONE, Deadlines.NONE, exchange.getRequest());
		exchange.getAttributes().put(ATTRIBUTE, run);
		return run;
	}

	/**
	 * Set the response.
	 * @param response the response of the server
	 * @return the response as the filters are to see it
	 */
	public ServerHttpResponse observe(ServerHttpResponse response) {
		this.response = ResponseFace.ofServer(response, this);
		return this.response;
	}

	/**
	 * Set what ends the request where no signal can.
	 * @param terminal ends it
	 */
	public void terminal(Terminal terminal) {
		this.terminal = terminal;
	}

	/**
	 * The exchange is there.
	 * @param exchange the exchange
	 */
	public void exchange(ServerWebExchange exchange) {
		this.exchange = exchange;
		exchange.getAttributes().put(ATTRIBUTE, this);
	}

	/**
	 * Whether the request has a boundary, so that its response and its end are known.
	 */
	boolean isObserved() {
		return this.response != null;
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
		return (Step) super.last();
	}

	@Override
	public int status() {
		return this.status;
	}

	@Override
	public RequestEnd end() {
		return this.end;
	}

	/**
	 * How long bytes of the client have been waited for.
	 * @return where that is noted
	 */
	public WaitTime clientWait() {
		return this.clientWait;
	}

	@Override
	public boolean isWaitingForClient() {
		return this.clientWait.isWaiting();
	}

	/**
	 * Whether a response is on its way out, and the middleware that made it cannot do
	 * anything about it.
	 */
	boolean isLeaving() {
		return this.leaving != null && this.leaving.isWaiting();
	}

	/**
	 * How long the request has been waiting for what no middleware is to blame for.
	 * @param shown whether the response that is on its way is shown to the middleware
	 * that asks, so that it is to blame for that
	 * @return nanoseconds
	 */
	long waited(boolean shown) {
		long left = (this.leaving != null && !shown) ? this.leaving.waited() : 0;
		return this.clientWait.waited() + left;
	}

	/**
	 * Whether an answer was made, sent or not.
	 * @param exchange the exchange as a middleware sees it
	 */
	boolean isAnswered(ServerWebExchange exchange) {
		ResponseFace response = this.response;
		if (response != null && response.commit().isAnswered()) {
			return true;
		}
		return (exchange.getResponse() instanceof ResponseFace face) ? face.commit().isAnswered()
				: response == null && exchange.getResponse().isCommitted();
	}

	/**
	 * Whether the head is with the server, so that nothing can change it.
	 * @param exchange the exchange as a middleware sees it
	 */
	boolean isSent(ServerWebExchange exchange) {
		ResponseFace response = this.response;
		return (response != null) ? response.commit().isSent() : exchange.getResponse().isCommitted();
	}

	@Override
	public int touches() {
		// Where nothing is known, something may have been touched each time that is asked
		return (this.response != null) ? this.touches : this.touches++;
	}

	@Override
	public void statusTouched() {
		this.touches += 1 << 16;
	}

	@Override
	public void headersTouched() {
		this.touches = (this.touches & 0xFFFF0000) | ((this.touches + 1) & 0xFFFF);
	}

	/**
	 * A segment is about to run.
	 * @return the same segment's run before, or {@code null} if this is the first
	 */
	synchronized @Nullable SegmentRun started(SegmentRun run) {
		SegmentRun before = this.segments;
		while (before != null && !before.isOfSame(run)) {
			before = before.earlier;
		}
		run.earlier = this.segments;
		this.segments = run;
		return before;
	}

	void restarted() {
		restart();
	}

	void entered(Step step) {
		enter(step);
		this.hooked |= step.link().hooked;
	}

	void enteredTogether(List<Step> steps) {
		enterTogether(steps);
		for (Step step : steps) {
			this.hooked |= step.link().hooked;
			step.observe();
		}
	}

	void finishedTogether(Step step) {
		finishTogether(step);
	}

	void handed() {
		handOver();
	}

	/**
	 * The response is on its way out and has reached a middleware, or another filter.
	 * @param step whose time it is from now on, or {@code null} for the application
	 */
	void returned(@Nullable Step step) {
		if (!hasHead()) {
			pass((step != null && step.link().isGroup()) ? null : step);
		}
	}

	@Override
	public boolean isWithMiddleware() {
		return owner() instanceof Step step && !step.link().foreign;
	}

	@Override
	public void leaves(ResponseFace face) {
		this.answering = null;
		if (owner() instanceof Step step && step.answersWith(face)) {
			step.markAnswering();
			this.answering = step;
		}
		if (this.leaving != null) {
			this.leaving.begin();
		}
	}

	@Override
	public void stays() {
		if (this.leaving != null) {
			this.leaving.end();
		}
	}

	@Override
	public void answerFailed() {
		Step step = this.answering;
		if (step != null) {
			step.markUnanswered();
		}
	}

	@Override
	public void discarded() {
		Terminal terminal = this.terminal;
		if (terminal != null) {
			terminal.discarded();
		}
	}

	@Override
	public void letOut() {
		returned(null);
	}

	@Override
	public @Nullable Mono<Void> beforeHead() {
		boolean hooked = this.hooked;
		// They run once, also if the response that they have run for is not sent
		this.hooked = false;
		if (!hooked) {
			return null;
		}
		HookedSession session = session();
		if (session != null) {
			session.beginHooks();
		}
		return ResponseHooks.run(this);
	}

	/**
	 * The session as response hooks see it, where there is a boundary.
	 */
	@Nullable HookedSession session() {
		return (this.exchange instanceof HookedSession session) ? session : null;
	}

	@Override
	public void head(int status, boolean body, ServerHttpResponse response) {
		if (this.reporter == null || this.end.isClientLost() || hasHead() || !tryAcquire()) {
			return;
		}
		try {
			this.reporter.beforeHead(this, status, response);
			closeWithHead();
			this.status = status;
			if (!body) {
				this.end.bodyComplete();
			}
			markHead();
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

	@Override
	public void upgrades(ServerHttpResponse response) {
		head(HttpStatus.SWITCHING_PROTOCOLS.value(), false, response);
		ended(Ending.UPGRADE, null);
	}

	/**
	 * The counterpart of every {@link #tryAcquire()} that returned {@code true}.
	 */
	void release() {
		if (markReleased()) {
			reportEnd();
		}
	}

	/**
	 * The request is over. Only the first call counts.
	 * @param ending how
	 * @param error the error, if it was one
	 */
	public void ended(Ending ending, @Nullable Throwable error) {
		if (this.reporter != null && this.end.ended(ending, error)) {
			markEnded();
			InFlightRequests.Entry entry = this.inFlight;
			if (entry != null) {
				entry.remove();
			}
			reportEnd();
		}
	}

	@Override
	public void fatal(Throwable error) {
		ended(Ending.FATAL, error);
		Terminal terminal = this.terminal;
		if (terminal != null) {
			terminal.fail(error);
		}
	}

	private void reportEnd() {
		RequestReporter reporter = this.reporter;
		if (reporter == null || !tryMarkReported()) {
			return;
		}
		if (!hasHead()) {
			pass(null);
		}
		reporter.onEnd(this, this.end.judge(hasHead(), this.exchange), hasHead() && !this.headReported);
		// A connection that was upgraded keeps this object for as long as it lives
		this.exchange = null;
		this.terminal = null;
		this.answering = null;
		forget();
	}

	/**
	 * Where to note that the current thread begins the request.
	 * @return the activity of the thread
	 */
	public ThreadActivity beginning() {
		return this.activities.beginning();
	}

	/**
	 * The thread that has begun the request leaves it, unless it has ended.
	 * @param activity the activity of the thread
	 */
	public void leaveInFlight(ThreadActivity activity) {
		if (isEnded()) {
			return;
		}
		this.inFlight = activity.leaveInFlight(this);
		InFlightRequests.Entry entry = this.inFlight;
		// Whichever thread ends it either sees the entry, or is seen here
		if (entry != null && isEnded()) {
			entry.remove();
		}
	}

	@Override
	public ThreadActivity activity() {
		return this.activities.current();
	}

	/**
	 * What the thread is doing that the request is on.
	 */
	ThreadActivity here() {
		return this.here;
	}

	void here(ThreadActivity activity) {
		this.here = activity;
	}

}
