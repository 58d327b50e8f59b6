package io.github.asyncmiddleware.internal.record;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Where the time of one request goes, from its arrival to its head.
 * <p>
 * At every moment the time belongs to one middleware or to the application; the clock is
 * read once where it changes hands. So the own times of the middlewares and the time of
 * the application add up to the time to first byte of the first middleware, to the
 * nanosecond. Nothing that happens after the head counts.
 * <p>
 * The thread that the request is on writes. What hands the request to another thread
 * publishes the fields, to that thread; the watch reads them without that, and what it
 * reads may be old. Where the time comes back, another thread can give up what it comes
 * back from, or end the request, so that is guarded by this. Where middlewares are
 * entered, the report of the end waits for it; a part that was given up on another thread
 * and enters one in that moment takes the time, or counts some of it once more. A lock
 * would prevent that, once for each middleware of each request.
 */
public abstract class Ledger implements RequestRecord {

	private final Ticker ticker;

	private final long arrived;

	/** Whose time it is; {@code null} for the application. */
	private @Nullable LedgerEntry owner;

	/** When the time last changed hands. */
	private long handover;

	private long head;

	private @Nullable LedgerEntry last;

	/** Some part of the chain runs once more. */
	private boolean restarted;

	protected Ledger(Ticker ticker) {
		this.ticker = ticker;
		this.arrived = ticker.read();
	}

	@Override
	public @Nullable LedgerEntry last() {
		return this.last;
	}

	@Override
	public final long arrived() {
		return this.arrived;
	}

	@Override
	public final long ttfb() {
		return duration(this.arrived, this.head);
	}

	@Override
	public final long ttfb(StepRecord step) {
		return duration(step.entered(), this.head);
	}

	@Override
	public final long app() {
		long own = 0;
		LedgerEntry first = null;
		for (LedgerEntry entry = this.last; entry != null; entry = entry.previous) {
			own += entry.own;
			first = entry;
		}
		return (first != null) ? Math.max(ttfb(first) - own, 0) : 0;
	}

	@Override
	public final synchronized long ttfbSoFar() {
		long now = changeHands(null);
		LedgerEntry first = this.last;
		while (first != null && first.previous != null) {
			first = first.previous;
		}
		return (first != null) ? duration(first.entered, now) : 0;
	}

	protected static long duration(long from, long to) {
		// A clock that is asked on two processors can be a little apart
		return Math.max(to - from, 0);
	}

	@Override
	public final @Nullable StepRecord awaited() {
		LedgerEntry owner = this.owner;
		LedgerEntry last = this.last;
		if (owner != null || last == null || !last.isConcurrent()) {
			return owner;
		}
		LedgerEntry first = null;
		for (LedgerEntry entry = last; entry != null && entry.isConcurrent(); entry = entry.previous) {
			if (entry.isAtWork()) {
				first = entry;
			}
		}
		return first;
	}

	/**
	 * Whose time it is.
	 * @return the part of a middleware, or {@code null} for the application
	 */
	protected final @Nullable LedgerEntry owner() {
		return this.owner;
	}

	/**
	 * A middleware is entered: from now on the time is its own.
	 * @param entry its part in the request
	 */
	protected final void enter(LedgerEntry entry) {
		LedgerEntry before = this.owner;
		long now = changeHands(entry);
		handed(before, now);
		add(entry, now);
	}

	/**
	 * Some middlewares are entered at the same time. The time is that of the next of them
	 * that finishes.
	 * @param entries their parts in the request, in order
	 */
	protected final void enterTogether(List<? extends LedgerEntry> entries) {
		long now = handOver();
		for (LedgerEntry entry : entries) {
			add(entry, now);
		}
	}

	/**
	 * One of several that are at work at the same time has finished.
	 * @param entry its part in the request
	 */
	protected final synchronized void finishTogether(LedgerEntry entry) {
		if (!isEnded()) {
			this.owner = entry;
			handOver();
		}
	}

	/**
	 * Several that are at work at the same time are given up. What is waited for until
	 * then is the first of those that have not finished.
	 */
	protected final synchronized void giveUpTogether() {
		if (!isEnded() && this.owner == null && awaited() instanceof LedgerEntry entry) {
			this.owner = entry;
			changeHands(null);
		}
	}

	/**
	 * The rest of the chain runs, and the time is the application's.
	 * @return when that is
	 */
	protected final long handOver() {
		LedgerEntry before = this.owner;
		long now = changeHands(null);
		handed(before, now);
		return now;
	}

	private static void handed(@Nullable LedgerEntry entry, long now) {
		if (entry != null && entry.handedAfter == 0) {
			entry.handedAfter = Math.max(now - entry.entered, 1);
		}
	}

	/**
	 * The time belongs to another one from now on, unless times are final.
	 * @param entry the part of a middleware, or {@code null} for the application
	 */
	protected final synchronized void pass(@Nullable LedgerEntry entry) {
		if (!hasHead() && !isEnded()) {
			changeHands(entry);
		}
	}

	/**
	 * The head is out: all times are final.
	 */
	protected final synchronized void closeWithHead() {
		this.head = changeHands(null);
	}

	/**
	 * The time by the clock of the request.
	 */
	protected final long now() {
		return this.ticker.read();
	}

	/**
	 * The request has ended without a head. What it waited for by then has spent the time
	 * until then; what its thread does later does not count.
	 * @param end when it has ended
	 */
	protected final synchronized void closeWithoutHead(long end) {
		LedgerEntry owner = this.owner;
		if (owner == null && awaited() instanceof LedgerEntry entry) {
			owner = entry;
		}
		if (owner != null) {
			owner.own += duration(this.handover, end);
		}
		this.owner = null;
	}

	/**
	 * Forget all entries, whose request was reported.
	 */
	protected final void forget() {
		this.last = null;
	}

	/**
	 * Some part of the chain is about to run once more. A middleware that is entered
	 * again keeps its entry.
	 */
	protected final void restart() {
		this.restarted = true;
	}

	private void add(LedgerEntry entry, long now) {
		entry.entered = now;
		if (!this.restarted || !takeOver(entry)) {
			entry.previous = this.last;
			this.last = entry;
		}
	}

	private long changeHands(@Nullable LedgerEntry to) {
		long now = this.ticker.read();
		LedgerEntry from = this.owner;
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
	private boolean takeOver(LedgerEntry entry) {
		LedgerEntry after = null;
		for (LedgerEntry earlier = this.last; earlier != null; earlier = earlier.previous) {
			if (earlier.middleware() == entry.middleware()) {
				entry.entered = earlier.entered;
				entry.own += earlier.own;
				entry.handedAfter = earlier.handedAfter;
				entry.previous = earlier.previous;
				entry.takesOver(earlier);
				if (after != null) {
					after.previous = entry;
				}
				else {
					this.last = entry;
				}
				return true;
			}
			after = earlier;
		}
		return false;
	}

}
