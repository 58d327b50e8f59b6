package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.record.Ledger;
import io.github.asyncmiddleware.internal.record.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * The word of a {@link RequestRun}: whether its head is out, whether it has ended, and
 * how many threads are in the middle of it. The end is reported once, by the thread that
 * ends the request or by the last one that leaves it afterwards.
 */
abstract class RequestWord extends Ledger {

	/** The head is out: times are final. */
	private static final int HEAD = 1 << 28;

	/** The request is over: nothing of it may start any more. */
	private static final int ENDED = 1 << 29;

	/** The end was reported. */
	private static final int REPORTED = 1 << 30;

	/** How many threads are in the middle of something that the end has to wait for. */
	private static final int ACTIVE = HEAD - 1;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(RequestWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int word;

	/** What to do when the request has ended. Guarded by this. */
	private @Nullable List<Runnable> atEnd;

	RequestWord(Ticker ticker) {
		super(ticker);
	}

	@Override
	public final boolean hasHead() {
		return (this.word & HEAD) != 0;
	}

	@Override
	public final boolean isEnded() {
		return (this.word & ENDED) != 0;
	}

	final void markHead() {
		WORD.getAndBitwiseOr(this, HEAD);
	}

	final void markEnded() {
		WORD.getAndBitwiseOr(this, ENDED);
	}

	/**
	 * Announce that middlewares are about to run. While they do, the request is not
	 * reported as ended.
	 * @return {@code false} if it has ended already; then nothing may run
	 */
	final boolean tryAcquire() {
		if (((int) WORD.getAndAdd(this, 1) & ENDED) != 0) {
			release();
			return false;
		}
		return true;
	}

	/**
	 * A thread leaves the request, and the end may have to be reported.
	 */
	abstract void release();

	/**
	 * A thread leaves the request.
	 * @return whether that has ended
	 */
	final boolean markReleased() {
		return ((int) WORD.getAndAdd(this, -1) & ENDED) != 0;
	}

	/**
	 * Report the end, if no thread is in the middle of the request.
	 * @return whether the caller is the one to report it
	 */
	final boolean tryMarkReported() {
		int word = this.word;
		while ((word & (ACTIVE | REPORTED)) == 0 && !WORD.compareAndSet(this, word, word | REPORTED)) {
			word = this.word;
		}
		return (word & (ACTIVE | REPORTED)) == 0;
	}

	/**
	 * Whether the request has a boundary, so that its response and its end are known.
	 */
	abstract boolean isObserved();

	/**
	 * Do something when the request has ended, or at once if it has.
	 * @param action what to do, on the thread that ends the request
	 */
	final void doAtEnd(Runnable action) {
		synchronized (this) {
			if (isObserved() && !isEnded()) {
				this.atEnd = (this.atEnd != null) ? this.atEnd : new ArrayList<>(1);
				this.atEnd.add(action);
				return;
			}
		}
		action.run();
	}

	/**
	 * The request has ended, and says so.
	 */
	final void runAtEnd() {
		List<Runnable> actions;
		synchronized (this) {
			actions = this.atEnd;
			this.atEnd = null;
		}
		if (actions != null) {
			actions.forEach(Runnable::run);
		}
	}

}
