package io.github.asyncmiddleware.actuate;

import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.record.Waterfall;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The slowest requests behind the endpoint {@code slowrequests}, and the slowest of those
 * in which a middleware failed, was out of time or was skipped. What is kept is bounded,
 * and copied only from a request that is one of them.
 * <p>
 * Requests that no middleware was entered for are left out: those of other paths, such as
 * the scrapes of a monitoring system, would take the places of those that there is a
 * waterfall of.
 */
public final class SlowestRequests implements RequestListener {

	private final SlowestList slowest = new SlowestList();

	private final SlowestList troubled = new SlowestList();

	private final Ticker ticker;

	private final Supplier<RequestTraces> traces;

	private final long start;

	/**
	 * Create a list that is empty.
	 * @param ticker the clock, the same as that of the engine
	 * @param traces supplies what knows the traces of the requests
	 */
	public SlowestRequests(Ticker ticker, Supplier<RequestTraces> traces) {
		Assert.notNull(ticker, "'ticker' must not be null");
		Assert.notNull(traces, "'traces' must not be null");
		this.ticker = ticker;
		this.traces = traces;
		this.start = ticker.read();
	}

	@Override
	public void onHead(RequestRecord request) {
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
		if (request.last() == null) {
			return;
		}
		long total = request.total();
		long minute = minute(request.arrived() + total);
		boolean slow = this.slowest.mayAdd(minute, total);
		boolean troubled = this.troubled.mayAdd(minute, total) && isTroubled(request);
		if (slow || troubled) {
			// A stream ends long after its head
			long ended = minute(this.ticker.read());
			SlowRequest copy = new SlowRequest(Instant.now(), trace(request), Waterfall.of(request, result));
			if (slow) {
				this.slowest.add(ended, copy);
			}
			if (troubled) {
				this.troubled.add(ended, copy);
			}
		}
	}

	private static boolean isTroubled(RequestRecord request) {
		for (StepRecord step = request.last(); step != null; step = step.previous()) {
			if (step.result().isTrouble()) {
				return true;
			}
		}
		return false;
	}

	private @Nullable String trace(RequestRecord request) {
		RequestTraces traces = this.traces.get();
		Object trace = traces.of(request);
		return (trace != null) ? traces.id(trace) : null;
	}

	private long minute(long time) {
		return Math.max(time - this.start, 0) / SlidingWindow.SLICE.toNanos();
	}

	/**
	 * The slowest requests of the window.
	 * @return the requests, slowest first
	 */
	List<SlowRequest> slowest() {
		return this.slowest.read(minute(this.ticker.read()));
	}

	/**
	 * The slowest requests of the window in which a middleware did not do its work.
	 * @return the requests, slowest first
	 */
	List<SlowRequest> troubled() {
		return this.troubled.read(minute(this.ticker.read()));
	}

	/**
	 * A request that is kept.
	 *
	 * @param time when it ended
	 * @param traceId the id of its trace, or {@code null} if it has none that is kept
	 * @param waterfall where its time went
	 */
	record SlowRequest(Instant time, @Nullable String traceId, Waterfall waterfall) {

	}

}
