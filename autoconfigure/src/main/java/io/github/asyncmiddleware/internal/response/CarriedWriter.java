package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/**
 * What carries a {@link ResponseWriter}, and is told of its end.
 * <p>
 * It is carried by its subscriber. A middleware to which it is shown may release it at
 * once, and nothing has changed. If not, the response is taken: its subscriber is told
 * that the writing is complete, and the middleware carries it from the moment it releases
 * it. An upgrade is never taken: its subscriber makes it as soon as it is complete.
 */
abstract class CarriedWriter extends WriterWord implements CoreSubscriber<Void> {

	/** No middleware in question holds it. */
	static final int NOT_HELD = -1;

	final CoreSubscriber<? super Void> actual;

	/** The middleware that it was shown to last. Published by {@link #HELD}. */
	private @Nullable Waiting holder;

	/** Set by the thread that releases, before the word says that it is not taken. */
	private @Nullable Waiting carrier;

	/** The end of the request, where that has to wait. Published by the word. */
	private @Nullable Runnable end;

	/** Those that came second. Changed in the lock of this. */
	private volatile @Nullable SecondWriters seconds;

	/** Kept, since asking for it goes through all subscribers further out. */
	private final Context context;

	CarriedWriter(CoreSubscriber<? super Void> actual) {
		this.actual = actual;
		this.context = actual.currentContext();
	}

	/**
	 * It is about to be shown to a middleware.
	 * @return the hop, for {@link #take}, or -1 if it is over
	 */
	final int showing(Waiting waiting) {
		this.holder = waiting;
		return markHeld();
	}

	/**
	 * Whether it is being shown to a middleware, or that holds it.
	 */
	final boolean isHeldBy(Waiting waiting) {
		return (word() & (HELD | OVER)) == HELD && this.holder == waiting;
	}

	/**
	 * Whether it does not belong any more to a part of the chain, which is inside of the
	 * middleware that it was shown to last.
	 */
	final boolean isTakenFrom(AttemptExchange part) {
		Waiting holder = ((word() & (SHOWN | DETACHED | OVER)) == (SHOWN | DETACHED)) ? this.holder : null;
		return holder != null && part.isInside(holder.part());
	}

	/**
	 * Give it up where a middleware in a part of the chain holds it. One that lets it
	 * pass on in this moment was faster, or does so in vain.
	 * @return the word before, for {@link #refused}, or {@link #NOT_HELD} if none holds
	 * it
	 */
	final int giveUpWithin(AttemptExchange part) {
		int word = word();
		while (isHeldWithin(word, part)) {
			if (tryMarkOver(word)) {
				return word;
			}
			word = word();
		}
		return NOT_HELD;
	}

	private boolean isHeldWithin(int word, AttemptExchange part) {
		Waiting holder = ((word & (HELD | OVER)) == HELD) ? this.holder : null;
		return holder != null && holder.isWithin(part);
	}

	/**
	 * Whether no middleware was shown it that stands further out than a part of the
	 * chain.
	 */
	final boolean wasShownWithin(AttemptExchange part) {
		Waiting holder = wasShown() ? this.holder : null;
		return holder != null && holder.isWithin(part);
	}

	/**
	 * Whether a middleware holds it that stands further out than another one.
	 */
	final boolean isHeldFurtherOut(Waiting than) {
		Waiting holder = ((word() & (HELD | OVER)) == HELD) ? this.holder : null;
		Waiting waiting = than;
		while (holder != null && waiting.outer != null && waiting.outer != waiting) {
			waiting = waiting.outer;
			if (waiting == holder) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The middleware that it was shown to has not released it at once, or another thread
	 * has done so: take it from what has carried it until then, in the first case.
	 */
	final void take(int hop) {
		Waiting carrier = this.carrier;
		if (markTaken(hop)) {
			end(carrier, null);
		}
	}

	/**
	 * A middleware that it was shown to lets it pass on.
	 * @return whether it is the carrier from now on
	 */
	final boolean released(Waiting waiting) {
		int word = word();
		while ((word & OVER) == 0) {
			boolean carries = (word & TAKEN) != 0;
			if (carries) {
				this.carrier = waiting;
			}
			if (tryRelease(word)) {
				return carries;
			}
			word = word();
		}
		return false;
	}

	/**
	 * Another answer is sent instead, or the middleware that it was shown to is over.
	 */
	final void refuse() {
		int before = markOver();
		if ((before & OVER) == 0) {
			refused(before);
		}
	}

	/**
	 * The same, once the word says so.
	 * @param before the word before
	 */
	final void refused(int before) {
		cancelSources();
		if ((before & TAKEN) == 0) {
			// One that was shown was an answer, and is no failure of those further in;
			// but an upgrade is made by what comes after it
			endCarrier(((before & (SHOWN | UPGRADE)) == SHOWN) ? null
					: new IllegalStateException("Another response is sent instead"));
		}
		endOthers(null);
	}

	/**
	 * It comes second. As every server does, write nothing; if nothing waits for the
	 * first any more, wait for it.
	 * @param first the writer that came first, if that is known already
	 */
	final void drop(@Nullable ResponseWriter first) {
		int before = markOver();
		if ((before & OVER) == 0) {
			cancelSources();
			if (first != null && first.isAlone()) {
				first.endTogether(this);
			}
			else {
				endSubscriber(null);
			}
		}
	}

	/**
	 * Stop what it writes and what its head waits for, and release that.
	 */
	abstract void cancelSources();

	/**
	 * Let the end of the request wait until the server has what is being handed to it.
	 * @param end ends the request
	 * @return {@code false} if there is nothing to wait for
	 */
	final boolean tryAwait(Runnable end) {
		if (!isInHandover(word())) {
			return false;
		}
		this.end = end;
		return markAwaited();
	}

	/**
	 * Let the request end, if that waits for this.
	 */
	final void letEnd() {
		if (markNotAwaited() && this.end != null) {
			this.end.run();
		}
	}

	/**
	 * Let another one, which came second, end together with it.
	 */
	final void endTogether(CarriedWriter second) {
		SecondWriters seconds;
		synchronized (this) {
			seconds = (this.seconds != null) ? this.seconds : new SecondWriters();
			this.seconds = seconds;
		}
		if (!seconds.tryAdd(second)) {
			second.endSubscriber(null);
		}
		else if (isOver()) {
			seconds.end(null);
		}
	}

	/**
	 * Whether it goes on although its carrier has cancelled it.
	 */
	final boolean isAlone() {
		return (word() & (SENDING | DETACHED | TAKEN | OVER)) == (SENDING | DETACHED | TAKEN);
	}

	/**
	 * Tell those that wait for this, and do not carry it: what came second, and the end
	 * of the request.
	 */
	final void endOthers(@Nullable Throwable error) {
		SecondWriters seconds = this.seconds;
		if (seconds != null) {
			seconds.end(error);
		}
		letEnd();
	}

	/**
	 * Tell what carries it.
	 */
	final void endCarrier(@Nullable Throwable error) {
		end(this.carrier, error);
	}

	/**
	 * Tell its subscriber, which is all that has carried it.
	 */
	final void endSubscriber(@Nullable Throwable error) {
		if (error != null) {
			this.actual.onError(error);
		}
		else {
			this.actual.onComplete();
		}
	}

	private void end(@Nullable Waiting carrier, @Nullable Throwable error) {
		if (carrier != null) {
			carrier.sent(error);
		}
		else {
			endSubscriber(error);
		}
	}

	@Override
	public final Context currentContext() {
		return this.context;
	}

}
