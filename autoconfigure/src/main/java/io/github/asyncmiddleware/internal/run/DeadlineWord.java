package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The word of a {@link Deadline}: whose time it is, and whether it was used up.
 *
 * <pre>
 *           clock starts  clock stops  work ends  work is cancelled  timer rings
 * RUNNING   -             STOPPED      OVER       OVER               PASSED
 * STOPPED   RUNNING       -            OVER       OVER               -
 * PASSED    -             -            -          CANCELLED          -
 * </pre>
 *
 * One that has passed can be stopped nevertheless, if it was not cancelled.
 */
abstract class DeadlineWord {

	/** The middleware is at work. */
	static final int RUNNING = 0;

	/** The rest of the chain is. */
	static final int STOPPED = 1;

	/** The work has ended by itself, or was cancelled. */
	static final int OVER = 2;

	/** The time was used up first. */
	static final int PASSED = 3;

	private static final int PHASE = 3;

	/** It was cancelled after its time was used up. */
	private static final int CANCELLED = 1 << 2;

	/** Counts the starts of the clock, so that each run of it is another word. */
	private static final int START = 1 << 3;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(DeadlineWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int word = STOPPED;

	final int word() {
		return this.word;
	}

	static int phase(int word) {
		return word & PHASE;
	}

	/**
	 * Whether the work has not ended and was not given up.
	 */
	static boolean isAlive(int word) {
		return phase(word) == RUNNING || phase(word) == STOPPED;
	}

	/** Whether the time was used up. */
	final boolean hasPassed() {
		return phase(this.word) == PASSED;
	}

	/**
	 * The word of a clock that is started.
	 */
	static int started(int word) {
		return (word & ~PHASE) + START;
	}

	/**
	 * Change the word, if nothing else has.
	 */
	final boolean tryMark(int from, int to) {
		return WORD.compareAndSet(this, from, to);
	}

	/**
	 * The work has ended.
	 * @return the word before, in which it is not alive if nothing was changed
	 */
	final int markOver() {
		int word = this.word;
		while (isAlive(word) && !tryMark(word, (word & ~PHASE) | OVER)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The work was cancelled. One whose time was used up remembers it.
	 * @return the word before
	 */
	final int markCancelled() {
		int word = this.word;
		while (!tryMark(word, isAlive(word) ? (word & ~PHASE) | OVER : word | CANCELLED)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Do not give the work up although its time was used up.
	 * @return {@code false} if it was cancelled meanwhile
	 */
	final boolean tryWait() {
		int word = this.word;
		return (word & CANCELLED) == 0 && tryMark(word, (word & ~PHASE) | STOPPED);
	}

}
