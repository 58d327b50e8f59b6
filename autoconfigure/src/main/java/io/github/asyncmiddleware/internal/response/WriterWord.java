package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The word of a {@link ResponseWriter}: how far it is, and what carries it. Every
 * transition is one method, and what is decided is decided from the word before.
 */
abstract class WriterWord {

	/** Some middleware was shown it. */
	static final int SHOWN = 1;

	/** It has no carrier: the last one was told that it is done. */
	static final int TAKEN = 1 << 1;

	/** The subscriber does not carry it any more. */
	static final int DETACHED = 1 << 2;

	/** A middleware that it was shown to has not released it. */
	static final int HELD = 1 << 3;

	/** It has ended, was cancelled or was refused. */
	static final int OVER = 1 << 4;

	/** The head is with the server, or just about to be: it is too late to cancel it. */
	static final int SENDING = 1 << 5;

	/** It was cancelled while the head went to the server. */
	static final int UNWANTED = 1 << 6;

	/** The body was let go, and can be cancelled from now on. */
	static final int BEGUN = 1 << 7;

	/** The end of the request waits until the body was let go. */
	static final int AWAITED = 1 << 8;

	/** Its subscriber hands the connection to another protocol once it completes. */
	static final int UPGRADE = 1 << 9;

	/** A decorator has subscribed to what it was given. */
	static final int WANTED = 1 << 10;

	/** Counts how often it was released. */
	static final int HOP = 1 << 11;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(WriterWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int word;

	final int word() {
		return this.word;
	}

	final boolean isOver() {
		return (this.word & OVER) != 0;
	}

	final boolean wasShown() {
		return (this.word & SHOWN) != 0;
	}

	final boolean isUpgrade() {
		return (this.word & UPGRADE) != 0;
	}

	final boolean isWanted() {
		return (this.word & WANTED) != 0;
	}

	final void markWanted() {
		WORD.getAndBitwiseOr(this, WANTED);
	}

	/**
	 * Its subscriber must not be told that it is complete before it is.
	 */
	final void markUpgrade() {
		WORD.getAndBitwiseOr(this, UPGRADE);
	}

	/**
	 * The head is about to be with the server.
	 * @return {@code false} if it is over, and no head of this one may go
	 */
	final boolean markSending() {
		int word = this.word;
		while ((word & OVER) == 0 && !WORD.compareAndSet(this, word, word | SENDING)) {
			word = this.word;
		}
		return (word & OVER) == 0;
	}

	/**
	 * It is about to be shown to a middleware.
	 * @return the word after that, or -1 if it is over
	 */
	final int markHeld() {
		int word = this.word;
		while ((word & OVER) == 0 && !WORD.compareAndSet(this, word, word | SHOWN | HELD)) {
			word = this.word;
		}
		return ((word & OVER) == 0) ? word | SHOWN | HELD : -1;
	}

	/**
	 * Take it from its carrier, unless it was released after it had been shown. An
	 * upgrade stays with its subscriber, which makes it.
	 * @param hop the word when it was shown
	 * @return whether it is taken now
	 */
	final boolean markTaken(int hop) {
		return (hop & (TAKEN | UPGRADE)) == 0 && WORD.compareAndSet(this, hop, hop | TAKEN | DETACHED);
	}

	/**
	 * A middleware that it was shown to lets it pass on.
	 * @param word the word before, which is not over
	 * @return {@code false} if the word was another one
	 */
	final boolean tryRelease(int word) {
		return WORD.compareAndSet(this, word, (word & ~(TAKEN | HELD)) + HOP);
	}

	/**
	 * The head is out, and the body with it or begun.
	 * @return the word before
	 */
	final int markBegun() {
		return (int) WORD.getAndBitwiseOr(this, BEGUN);
	}

	/**
	 * Let the end of the request wait for it, while its head goes to the server.
	 * @return {@code false} if there is nothing to wait for
	 */
	final boolean markAwaited() {
		int word = this.word;
		while (isInHandover(word) && !WORD.compareAndSet(this, word, word | AWAITED)) {
			word = this.word;
		}
		return isInHandover(word);
	}

	/**
	 * Whether its head goes to the server at this moment.
	 */
	static boolean isInHandover(int word) {
		return (word & (SENDING | BEGUN | OVER)) == SENDING;
	}

	/**
	 * The end of the request does not have to wait any more.
	 * @return whether it has waited, which is so once
	 */
	final boolean markNotAwaited() {
		int word = this.word;
		while ((word & AWAITED) != 0 && !WORD.compareAndSet(this, word, word & ~AWAITED)) {
			word = this.word;
		}
		return (word & AWAITED) != 0;
	}

	/**
	 * It is over, if the word is still what it was.
	 * @return {@code false} if not
	 */
	final boolean tryMarkOver(int word) {
		return WORD.compareAndSet(this, word, word | OVER);
	}

	final int markOver() {
		return (int) WORD.getAndBitwiseOr(this, OVER);
	}

	/**
	 * Its carrier cancels. What a middleware holds does not belong to the carrier any
	 * more, unless it is an upgrade, and what goes to the server together with its head
	 * is not called back.
	 * @param notCarrier the bit that says that it is not the carrier
	 * @param open whether a body follows the head whose end is not known yet
	 * @return the word before
	 */
	final int markCancelled(int notCarrier, boolean open) {
		int word = this.word;
		while ((word & (OVER | notCarrier)) == 0 && !WORD.compareAndSet(this, word, word | cancelled(word, open))) {
			word = this.word;
		}
		return word;
	}

	/**
	 * What a cancellation adds to a word.
	 */
	static int cancelled(int word, boolean open) {
		boolean stands = (word & (HELD | UPGRADE)) == HELD || ((word & SENDING) != 0 && !open);
		if (stands) {
			return TAKEN | DETACHED;
		}
		return ((word & (SENDING | BEGUN)) == SENDING) ? UNWANTED : OVER;
	}

}
