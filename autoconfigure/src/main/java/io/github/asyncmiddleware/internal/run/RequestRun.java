package io.github.asyncmiddleware.internal.run;

import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.Ending;
import io.github.asyncmiddleware.internal.record.RequestEnd;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * One request on its way through the chain: the one object that is known of it, found in
 * one place, an attribute of the exchange.
 * <p>
 * Its end is noted once, by whichever thread comes first, and reported when no thread is
 * in the middle of it any more.
 */
public final class RequestRun extends RequestAnswer {

	private static final String ATTRIBUTE = RequestRun.class.getName();

	private final @Nullable RequestReporter reporter;

	private final ServerHttpRequest request;

	private final RequestEnd end = new RequestEnd();

	private @Nullable ServerWebExchange exchange;

	/** Ends the request where no signal can. Set before the first filter runs. */
	private @Nullable Terminal terminal;

	private int status;

	/**
	 * Some middleware that was entered has something to do before the head. Who sees it
	 * sees the middleware, too.
	 */
	private volatile boolean hooked;

	/** What runs for the answer on its way out. Changed in the lock of its commit. */
	private volatile @Nullable ResponseHooks hooks;

	private boolean headReported;

	/** The latest run of each segment. Guarded by this. */
	private @Nullable SegmentRun segments;

	private RequestRun(@Nullable RequestReporter reporter, ThreadActivities activities, Deadlines clock,
			ServerHttpRequest request) {
		super((reporter != null) ? reporter.ticker() : Ticker.STOPPED, activities, clock);
		this.reporter = reporter;
		this.request = request;
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

	@Override
	public long total() {
		return hasHead() ? ttfb() : duration(arrived(), this.end.time());
	}

	/**
	 * A segment is about to run. Its run takes the place of the one before, so that a
	 * request keeps one of each segment however often it is tried again.
	 * @return the same segment's run before, or {@code null} if this is the first
	 */
	synchronized @Nullable SegmentRun started(SegmentRun run) {
		SegmentRun before = run.putBefore(this.segments);
		this.segments = run;
		return before;
	}

	void restarted() {
		restart();
	}

	void entered(Step step) {
		enter(step);
		if (step.link().hooked) {
			this.hooked = true;
		}
	}

	void enteredTogether(List<Step> steps) {
		enterTogether(steps);
		for (Step step : steps) {
			if (step.link().hooked) {
				this.hooked = true;
			}
			step.observe();
		}
	}

	void finishedTogether(Step step) {
		finishTogether(step);
	}

	void gaveUpTogether() {
		giveUpTogether();
	}

	void handed() {
		handOver();
	}

	/**
	 * An answer of a middleware, on whatever thread that has come to it.
	 * @param answer writes it
	 * @param exchange the exchange that it is written to
	 * @return what to subscribe to; what the writer throws is signalled, or ends the
	 * request if it is fatal
	 */
	public Mono<Void> answer(WebHandler answer, ServerWebExchange exchange) {
		return new GuardedAnswer(this, answer, exchange);
	}

	@Override
	public boolean isWithMiddleware() {
		return owner() instanceof Step step && !step.link().foreign;
	}

	@Override
	public void discarded() {
		Terminal terminal = this.terminal;
		if (terminal != null) {
			terminal.discarded();
		}
	}

	/**
	 * What they have done to an answer that was given up went with it, so they run for
	 * the next one, too.
	 */
	@Override
	public void stays(boolean server) {
		super.stays(server);
		ResponseHooks hooks = this.hooks;
		if (server && hooks != null) {
			this.hooks = null;
			hooks.undo();
		}
	}

	/**
	 * What gives it up says afterwards whose time it is.
	 */
	@Override
	public synchronized void letOut(ResponseCommit commit, int attempt) {
		if (commit.isLetOut(attempt)) {
			returned(null);
		}
	}

	@Override
	public boolean isHooked() {
		return this.hooked;
	}

	@Override
	public Supplier<@Nullable Mono<Void>> hooks(int attempt) {
		ResponseHooks hooks = new ResponseHooks(this, head(), attempt);
		this.hooks = hooks;
		return hooks;
	}

	boolean isRunning(ResponseHooks hooks) {
		return this.hooks == hooks;
	}

	/**
	 * Response hooks have reached a middleware, or are done, unless their answer was
	 * given up.
	 */
	synchronized void reached(ResponseHooks hooks, @Nullable Step step) {
		if (isRunning(hooks)) {
			returned(step);
		}
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
			synchronized (this) {
				closeWithHead();
				this.status = status;
				if (!body) {
					this.end.bodyComplete();
				}
				markHead();
			}
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
		if (this.reporter != null && tryEnd(ending, error)) {
			removeInFlight();
			reportEnd();
			runAtEnd();
		}
	}

	@Override
	public void fatal(Throwable error) {
		// It is forgotten with the report
		Terminal terminal = this.terminal;
		ended(Ending.FATAL, error);
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
			closeWithoutHead(this.end.time());
		}
		reporter.onEnd(this, this.end.judge(hasHead(), this.exchange), hasHead() && !this.headReported);
		// A connection that was upgraded keeps this object for as long as it lives
		this.hooks = null;
		this.exchange = null;
		this.terminal = null;
		forgetAnswering();
		forget();
	}

}
