package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The word of a {@link ResponseCommit}: the number of the current attempt to answer, and
 * its phase.
 * <p>
 * Every answer that is being made is an attempt and has a number. A writer belongs to the
 * attempt that is current when it is subscribed to. Discarding an attempt counts up, so
 * its writers are refused, and restores the head. In the phases of an attempt, each arrow
 * is one method {@code markX} that returns the word before:
 *
 * <pre>
 * OPEN        no writer has its head decided
 *   arrives    GATED if some middleware awaits the response, else COMMITTING
 *   discard    OPEN of the next attempt
 * GATED       the writer waits until each of these middlewares has released it
 *   let out    COMMITTING
 *   discard    OPEN of the next attempt, by the middleware it was shown to, or by what
 *              gives that up
 * COMMITTING  commit actions in their order run, then response hooks, inner ones first
 *   done       SENT
 *   failed     OPEN of the next attempt
 *   discard    OPEN of the next attempt, by what gives up all that were shown it
 * SENT        the head is the server's
 * </pre>
 */
abstract class CommitWord {

	static final int OPEN = 0;

	static final int GATED = 1;

	static final int COMMITTING = 2;

	static final int SENT = 3;

	static final int PHASE = 3;

	/** The body of an answer to a HEAD request was written, which does not commit it. */
	static final int ANSWERED = 1 << 2;

	/** The commit actions have run and one has failed: they do not run again. */
	static final int ACTIONS_DONE = 1 << 3;

	static final int ATTEMPT = 1 << 4;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(CommitWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int word;

	final int word() {
		return this.word;
	}

	final int attempt() {
		return this.word / ATTEMPT;
	}

	/**
	 * Whether an answer was made, sent or not: the head is decided, or a body was written
	 * for a HEAD request.
	 * @return {@code true} if the rest of the chain may not start any more
	 */
	final boolean answered() {
		return (this.word & (PHASE | ANSWERED)) != OPEN;
	}

	/**
	 * Whether the head is with the server.
	 * @return {@code true} if no attempt can be discarded any more
	 */
	final boolean sent() {
		return (this.word & PHASE) == SENT;
	}

	/**
	 * A body was written that is never sent, in answer to a HEAD request.
	 * @param attempt the attempt of its writer
	 */
	final void markAnswered(int attempt) {
		int word = this.word;
		while (word / ATTEMPT == attempt && !WORD.compareAndSet(this, word, word | ANSWERED)) {
			word = this.word;
		}
	}

	/**
	 * Move an attempt from one phase to another.
	 * @return the word before, in which the attempt or the phase is another one if
	 * nothing was changed
	 */
	final int mark(int attempt, int from, int to) {
		int word = this.word;
		while (was(word, attempt, from) && !WORD.compareAndSet(this, word, (word & ~PHASE) | to)) {
			word = this.word;
		}
		return word;
	}

	static boolean was(int word, int attempt, int phase) {
		return word / ATTEMPT == attempt && (word & PHASE) == phase;
	}

	/**
	 * Begin the next attempt.
	 * @return the word before, in which the attempt or the phase is another one if
	 * nothing was changed
	 */
	final int markDiscarded(int attempt, int last, int flags) {
		int word = this.word;
		while (word / ATTEMPT == attempt && (word & PHASE) <= last
				&& !WORD.compareAndSet(this, word, (attempt + 1) * ATTEMPT | (word & ACTIONS_DONE) | flags)) {
			word = this.word;
		}
		return word;
	}

}
