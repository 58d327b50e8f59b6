package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.response.Waiting;

/**
 * The word of an {@link AwaitRun}: how far the rest of the chain is, and what the
 * middleware has decided. Every transition is one method that returns the word before.
 * <p>
 * The rest of the chain and the middleware go on independently of each other. What is to
 * be done is settled by the second of two events, from the word as it was before:
 *
 * <pre>
 *             rest shows    rest completes  rest fails   rest shows after it was cancelled
 * undecided   emit          emit            pass error   refuse
 * live        release       end             end
 * other       discard       discard         -            refuse
 * postponed   replace       replace         replace
 * </pre>
 */
abstract class AwaitWord extends Waiting {

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(AwaitWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/** The part of the word that tells of the rest of the chain. */
	static final int REST = 7;

	static final int NOT_STARTED = 0;

	static final int RUNNING = 1;

	/** The response is shown, and its writer waits. */
	static final int SHOWN = 2;

	/** The rest has completed without a response that waits. */
	static final int COMPLETED = 3;

	/** The rest has failed, or was cancelled or discarded. */
	static final int OVER = 4;

	/** The middleware has returned next itself, so that no response is shown to it. */
	static final int PASSED_ON = 5;

	/** A thread is about to start the rest, of which nothing can have come yet. */
	static final int STARTING = 6;

	/** A thread is about to undo what the rest has done, which has failed or is over. */
	static final int ENDING = 7;

	/** The middleware can be given the response. */
	static final int REQUESTED = 1 << 3;

	/** The rest has ended after its response was shown, or completed. */
	static final int ENDED = 1 << 4;

	/** The middleware has decided. */
	static final int DECIDED = 1 << 5;

	/** The response of the rest is the answer. */
	static final int SENDING = 1 << 6;

	/** The answer is another one, and waits for the rest. */
	static final int POSTPONED = 1 << 7;

	/** The end was left to the engine, which waits for the rest. */
	static final int LEFT = 1 << 8;

	static final int CANCELLED = 1 << 9;

	/** The response was released, and the end of the rest tells that it is sent. */
	static final int RELEASED = 1 << 10;

	/** The response that this has carried is sent. */
	static final int SENT = 1 << 11;

	/** There are others that wait for the response, too. */
	static final int JOINED = 1 << 12;

	/** The response that is to come takes the place of one that was emitted. */
	static final int REPLACING = 1 << 13;

	/** The rest was not started, since it was not wanted any more by then. */
	static final int UNSTARTED = 1 << 14;

	private volatile int word;

	/**
	 * What the middleware does with the response, or with an error of the rest, was
	 * thrown out of a signal: on the thread of the rest nothing else would end the
	 * request.
	 */
	abstract void thrown(LinkageError ex);

	final int word() {
		return this.word;
	}

	static int rest(int word) {
		return word & REST;
	}

	static boolean isHere(int word) {
		return rest(word) == SHOWN || rest(word) == COMPLETED;
	}

	/**
	 * Whether the rest of the chain has a response, or can have one yet.
	 */
	static boolean isToCome(int word) {
		return rest(word) == RUNNING || rest(word) == STARTING || isHere(word);
	}

	/**
	 * Whether a thread is about to start the rest or to undo it. What is decided in that
	 * moment is left to that thread, which is done with the response then.
	 */
	static boolean isChanging(int word) {
		return rest(word) >= STARTING;
	}

	/**
	 * Whether the rest was started, and is not over for those that wait for it.
	 */
	static boolean isUnderWay(int word) {
		return rest(word) == RUNNING || isChanging(word);
	}

	/**
	 * Whether those further out have given the middleware up. If not, what this thread
	 * has written before is seen by what does so later.
	 */
	final boolean isCancelled() {
		return (mark(0) & CANCELLED) != 0;
	}

	/**
	 * Add bits to the word.
	 * @return the word before
	 */
	final int mark(int bits) {
		return (int) WORD.getAndBitwiseOr(this, bits);
	}

	/**
	 * Change the part of the word that tells of the rest.
	 * @return the word before, in which the rest was something else if nothing was
	 * changed
	 */
	final int markRest(int from, int to) {
		int word = this.word;
		while (rest(word) == from && !WORD.compareAndSet(this, word, (word & ~REST) | to)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Nothing of the rest counts any more, unless a thread is about to change it.
	 * @return the word before
	 */
	final int markAbandoned() {
		int word = this.word;
		while (!isChanging(word) && !WORD.compareAndSet(this, word, (word & ~REST) | OVER)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Begin to start the rest, if it was not started or may run again.
	 * @return the word before
	 */
	final int markStarting() {
		int word = this.word;
		while (mayStart(word)
				&& !WORD.compareAndSet(this, word, (word & ~(REST | REQUESTED | ENDED | REPLACING)) | STARTING)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * What this thread has written for the rest is there, which can run now if it is
	 * still wanted.
	 * @return the word before
	 */
	final int markRunning() {
		int word = this.word;
		while (mayRun(word) && !WORD.compareAndSet(this, word, (word & ~REST) | RUNNING)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The rest is not started, and never will be.
	 * @return the word before
	 */
	final int markUnstarted() {
		int word = this.word;
		while (!WORD.compareAndSet(this, word, (word & ~REST) | OVER | UNSTARTED)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Whether the rest is still wanted that is about to be started. A middleware that has
	 * completed may have started it without waiting for it.
	 */
	static boolean mayRun(int word) {
		return (word & CANCELLED) == 0 && (word & (DECIDED | SENDING)) != DECIDED;
	}

	/**
	 * A response is to come in place of the one that is here, if the middleware has not
	 * decided yet.
	 * @return the word before
	 */
	final int markReplacing() {
		int word = this.word;
		while (rest(word) == SHOWN && (word & DECIDED) == 0
				&& !WORD.compareAndSet(this, word, (word & ~REST) | RUNNING | REPLACING)) {
			word = this.word;
		}
		return word;
	}

	static boolean mayStart(int word) {
		return (word & (DECIDED | CANCELLED)) == 0 && (rest(word) == NOT_STARTED || rest(word) == OVER);
	}

	/**
	 * What the middleware has decided waits for the rest, if that is as it was.
	 * @param rest how it was
	 * @return the word before
	 */
	final int markPostponed(int rest) {
		int word = this.word;
		while (rest(word) == rest && !WORD.compareAndSet(this, word, word | POSTPONED)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The rest is about to be cancelled, unless its response is being sent.
	 * @return the word before
	 */
	final int markUnlessSending() {
		int word = this.word;
		while (rest(word) == RUNNING && (word & SENDING) == 0
				&& !WORD.compareAndSet(this, word, (word & ~REST) | ENDING)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The response of the rest is the answer, unless something else was decided.
	 * @return the word before
	 */
	final int markSending() {
		int word = this.word;
		while ((word & (DECIDED | CANCELLED)) == 0 && !WORD.compareAndSet(this, word, word | DECIDED | SENDING)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The middleware has completed. If the rest is running or about to, the end is left
	 * to the engine.
	 * @return the word before
	 */
	final int markCompleted() {
		int word = this.word;
		while ((word & (DECIDED | CANCELLED)) == 0
				&& !WORD.compareAndSet(this, word, word | DECIDED | (leavesEnd(word) ? SENDING | LEFT : 0))) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Whether a middleware that completes leaves its end to the engine.
	 */
	static boolean leavesEnd(int word) {
		return rest(word) == RUNNING || rest(word) == STARTING;
	}

	static boolean isFinished(int word) {
		return (word & ENDED) != 0 && (word & (RELEASED | SENT)) != 0;
	}

}
