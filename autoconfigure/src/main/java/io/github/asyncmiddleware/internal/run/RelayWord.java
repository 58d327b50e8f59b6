package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/**
 * The word of a {@link Relay}: whether the part has ended, and whether it was given up.
 * Every transition returns the word before.
 */
abstract class RelayWord extends RelayedEnd {

	/** The inner middleware has ended. */
	static final int DONE = 1;

	/** The inner middleware was skipped, and the rest of the chain runs in its place. */
	static final int SKIPPED = 1 << 1;

	/** What runs in place of the inner middleware has ended. */
	static final int REST_DONE = 1 << 2;

	/** Those further out have given the part up. */
	static final int CANCELLED = 1 << 3;

	/**
	 * There is a subscription to cancel. Of this and {@link #CANCELLED}, the one that
	 * comes second cancels it.
	 */
	static final int SUBSCRIBED = 1 << 4;

	/**
	 * The end of the part has said that the time is that of a filter further out. Of this
	 * and {@link #CANCELLED}, the one that comes first says so.
	 */
	static final int SAID_BACK = 1 << 5;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(RelayWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int word;

	RelayWord(CoreSubscriber<? super Void> actual, RequestRun run, @Nullable Step outer) {
		super(actual, run, outer);
	}

	final int word() {
		return this.word;
	}

	/**
	 * Add bits to the word.
	 * @return the word before
	 */
	final int mark(int bits) {
		return (int) WORD.getAndBitwiseOr(this, bits);
	}

	final boolean isCancelled() {
		return (this.word & CANCELLED) != 0;
	}

	@Override
	final boolean mayGiveBackTo(@Nullable Step step) {
		return (((step != null) ? word() : mark(SAID_BACK)) & CANCELLED) == 0;
	}

	/**
	 * Whether the middleware was given up that has started the part, and does not wait
	 * for it. Asked after {@link #SUBSCRIBED}: either this thread sees that, or the one
	 * that gives the middleware up sees the part.
	 */
	final boolean isLeftBehind() {
		Step outer = this.outer;
		if (outer == null || outer.link().foreign) {
			return false;
		}
		if (outer.relay() == null) {
			// It may be subscribed to in this moment, and the field is plain
			VarHandle.fullFence();
		}
		return outer.isCancelled() && !isCancelled();
	}

	/**
	 * Whether the part had not ended when there was nothing left to do: those further out
	 * have cancelled it, the request has ended, or its response could not be written.
	 */
	final boolean isCutOff() {
		return isCutOff(this.word);
	}

	final boolean isCutOff(int word) {
		return (word & DONE) == 0 && ((word & CANCELLED) != 0 || this.run.isOver());
	}

}
