package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.util.context.Context;

/**
 * The end of one part of the chain on its way out: tells the request whose time it is
 * from now on, then signals the subscriber. Signals of adjacent parts nest on the stack
 * up to a depth; one that would nest deeper waits until the stack is empty again.
 */
abstract class RelayedEnd implements CoreSubscriber<Void> {

	/**
	 * How deep subscriptions, and signals, may nest before one is postponed until the
	 * stack is empty again. Small enough for a thousand middlewares on the stack of an
	 * ordinary thread, large enough never to be met by an ordinary application.
	 */
	static final int MAX_DEPTH = 32;

	private static final int POSTPONED = -1;

	final CoreSubscriber<? super Void> actual;

	final RequestRun run;

	/** The middleware that the response reaches, or {@code null} for another filter. */
	final @Nullable Step outer;

	/** Kept, since asking for it goes through all subscribers further out. */
	private final Context context;

	/** Published by the signal that follows. */
	private @Nullable Throwable error;

	/**
	 * The thread that is in the middle of a signal that can end here. Another thread can
	 * read anything here except itself.
	 */
	private @Nullable Thread signalling;

	/** How many signals are on the stack of that thread, or {@link #POSTPONED}. */
	private int signalDepth;

	RelayedEnd(CoreSubscriber<? super Void> actual, RequestRun run, @Nullable Step outer) {
		this.actual = actual;
		this.run = run;
		this.outer = outer;
		this.context = actual.currentContext();
	}

	/**
	 * The part threw out of its subscription, or out of a signal of the rest, instead of
	 * signalling an error.
	 */
	abstract void onThrown(LinkageError ex);

	/**
	 * The part is about to say whose time it is.
	 * @param step the part of a middleware, or {@code null} for another filter; what
	 * gives the part up after that leaves it to the part to say so
	 * @return {@code false} if it was given up before, and that says whose time it is
	 */
	abstract boolean mayGiveBackTo(@Nullable Step step);

	/**
	 * Which run of the rest of the outer middleware this is.
	 */
	abstract int outerRun();

	final @Nullable Throwable error() {
		return this.error;
	}

	/**
	 * Pass the end of the part on.
	 * @param error the error it ends with, or {@code null} if it completes
	 */
	final void end(@Nullable Throwable error) {
		this.error = error;
		boolean nested = this.signalling == Thread.currentThread();
		if (nested && this.signalDepth >= MAX_DEPTH) {
			this.signalDepth = POSTPONED;
			return;
		}
		// Nested signals are on a thread that is known to be inside the request
		ThreadActivity activity = nested ? this.run.here() : this.run.activity();
		StepRecord place = activity.place();
		RequestRecord previous = activity.enter(this.run);
		try {
			if (!nested) {
				this.run.here(activity);
				this.signalDepth = 0;
			}
			RelayedEnd relay = this;
			while (relay != null) {
				activity.at(RequestActivity.place(relay.outer));
				relay = relay.passOn();
			}
		}
		catch (VirtualMachineError ex) {
			this.run.fatal(ex);
			throw ex;
		}
		finally {
			activity.exit(previous, place);
		}
	}

	/**
	 * Signal the end of a part that was given up, to what may still wait for it.
	 * @param error the error it ends with, or {@code null} if it completes
	 */
	final void endUnnoticed(@Nullable Throwable error) {
		this.error = error;
		signalActual();
	}

	/**
	 * Signal the next subscriber.
	 * @return the next relay on the way out, if it has postponed its own end until now
	 */
	private @Nullable RelayedEnd passOn() {
		if (this.outer == null) {
			this.run.backAt(null, this);
			signalActual();
			return null;
		}
		int phase = Handover.ended(this.outer, outerRun(), this.error);
		if (phase == StepState.OTHER_RUN) {
			signalActual();
			return null;
		}
		this.run.backAt(this.outer);
		boolean held = phase == StepState.HELD;
		RelayedEnd next = this.outer.relay();
		if (next == null) {
			signalActual();
			return null;
		}
		next.signalDepth = this.signalDepth + 1;
		next.signalling = Thread.currentThread();
		try {
			signalActual();
		}
		catch (LinkageError ex) {
			next.onThrown(ex);
		}
		finally {
			next.signalling = null;
			if (held) {
				next.end(this.error);
			}
		}
		if (next.signalDepth != POSTPONED) {
			return null;
		}
		next.signalDepth = this.signalDepth;
		return next;
	}

	private void signalActual() {
		if (this.error != null) {
			this.actual.onError(this.error);
		}
		else {
			this.actual.onComplete();
		}
	}

	/**
	 * Whether the end of this part reaches another relay through subscribers that tell
	 * what they signal. One that does not tell is taken to signal it, such as that of
	 * {@code cache()}; what {@code subscribe()} makes can be disposed of.
	 */
	final boolean isAwaitedBy(Relay relay) {
		Object subscriber = this.actual;
		while (subscriber != relay) {
			Scannable scannable = Scannable.from(subscriber);
			if (!scannable.isScanAvailable()) {
				return true;
			}
			subscriber = scannable.scanUnsafe(Scannable.Attr.ACTUAL);
			if (subscriber == null) {
				return scannable instanceof Publisher || !(scannable instanceof Disposable);
			}
		}
		return true;
	}

	@Override
	public final Context currentContext() {
		return this.context;
	}

}
