package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;

import org.springframework.web.ErrorResponse;

/**
 * What the one word of a {@link Step} means: its phase, and a result where the phase does
 * not tell it. Pure functions of the word as it was before a transition. In the table, -
 * means that the phase stays:
 *
 * <pre>
 *                 hand over  next completes  fails        cancelled       completes  fails
 * AT_WORK         HANDED                                                  OVER       OVER
 * HANDED          refused    NEXT_COMPLETED  NEXT_FAILED  NEXT_CANCELLED  HELD       OVER
 * HELD            refused    NEXT_COMPLETED  NEXT_FAILED  NEXT_CANCELLED
 * NEXT_COMPLETED  refused                                                 -          OVER
 * NEXT_FAILED     HANDED                                                  -          -
 * NEXT_CANCELLED  HANDED                                                  -          OVER
 * OVER            refused
 * </pre>
 */
final class StepState {

	static final int AT_WORK = 0;

	static final int HANDED = 1;

	/** It has completed without waiting for next, and its end is held. */
	static final int HELD = 2;

	static final int NEXT_COMPLETED = 3;

	static final int NEXT_FAILED = 4;

	static final int NEXT_CANCELLED = 5;

	static final int OVER = 6;

	static final int PHASE = 7;

	/** In place of a phase, where another run has begun since. */
	static final int OTHER_RUN = -1;

	/** It sends a response of its own in place of the one that it was shown. */
	static final int REPLACED = 1 << 7;

	/** It has an answer of its own on its way. */
	static final int ANSWERING = 1 << 8;

	/** It has decided to answer, whether that could be sent or not. */
	static final int DECIDED = 1 << 9;

	/** Its code is not called yet, although it is its turn. */
	static final int POSTPONED = 1 << 10;

	/** Its code was called when the middleware ran before in the same request. */
	static final int BEGUN_BEFORE = 1 << 11;

	/** How often the middleware has handed over, in the upper bits. */
	static final int RUN = 1 << 12;

	/** The ordinal of the result plus one, or 0 if the phase tells. */
	private static final int RESULT = 3;

	private static final int RESULT_MASK = 0xF << RESULT;

	private static final MiddlewareResult[] RESULTS = MiddlewareResult.values();

	private StepState() {
	}

	static int phase(int word) {
		return word & PHASE;
	}

	static int withPhase(int word, int phase) {
		return (word & ~PHASE) | phase;
	}

	/**
	 * The word of a middleware that hands over.
	 */
	static int handedOver(int word) {
		return withPhase(word, HANDED) + RUN;
	}

	/**
	 * Which run of the rest of the chain a word is about.
	 */
	static int run(int word) {
		return word >>> 12;
	}

	static int withResult(int word, MiddlewareResult result) {
		return (word & ~RESULT_MASK) | (result.ordinal() + 1) << RESULT;
	}

	static boolean hasResult(int word) {
		return (word & RESULT_MASK) != 0;
	}

	static MiddlewareResult result(int word) {
		int result = (word & RESULT_MASK) >>> RESULT;
		if (result != 0) {
			return RESULTS[result - 1];
		}
		if (phase(word) != AT_WORK) {
			return MiddlewareResult.PASSED;
		}
		return ((word & ANSWERING) != 0) ? MiddlewareResult.ANSWERED : MiddlewareResult.CANCELLED;
	}

	/**
	 * Whether the middleware may be skipped: what it has answered stands, sent or not.
	 */
	static boolean maySkip(int word) {
		return (word & (PHASE | ANSWERING | DECIDED)) == AT_WORK;
	}

	/**
	 * Whether the code of the middleware was called.
	 */
	static boolean hasBegun(int word) {
		return (word & (POSTPONED | BEGUN_BEFORE)) != POSTPONED;
	}

	/**
	 * Whether the rest of the chain may be started.
	 */
	static boolean mayHandOver(int word) {
		int phase = phase(word);
		return (word & (PHASE | ANSWERING)) == AT_WORK || phase == NEXT_FAILED || phase == NEXT_CANCELLED;
	}

	/**
	 * What it is to start the rest of the chain where it may not be started.
	 */
	static Misuse misuseOfNext(int word) {
		int phase = phase(word);
		return (phase == AT_WORK || phase == OVER) ? Misuse.LATE_NEXT : Misuse.REPEATED_NEXT;
	}

	/**
	 * Whether the response of the rest of the chain can go out as if the middleware were
	 * not there.
	 */
	static boolean hasEndedNext(int word) {
		int phase = phase(word);
		return (phase == NEXT_COMPLETED || phase == NEXT_FAILED) && (word & REPLACED) == 0;
	}

	/**
	 * Whether an error is the middleware's own: it has not come out of the rest of the
	 * chain.
	 */
	static boolean isToBlame(int word) {
		return phase(word) != NEXT_FAILED && result(word) != MiddlewareResult.MISUSED;
	}

	/**
	 * The word of a middleware that is over; one that has a result keeps that.
	 */
	static int over(int word, MiddlewareResult result) {
		return hasResult(word) ? withPhase(word, OVER) : withResult(withPhase(word, OVER), result);
	}

	/**
	 * The word of a middleware that has failed.
	 */
	static int failed(int word, Throwable ex) {
		MiddlewareResult result = (phase(word) == AT_WORK && ex instanceof UnavailableException unavailable)
				? unavailable(unavailable, false) : MiddlewareResult.FAILED;
		return hasResult(word) ? withPhase(word, OVER) : withResult(withPhase(word, OVER), result);
	}

	/**
	 * Whether an exception is an answer and no failure.
	 */
	static boolean isAnswer(Throwable ex) {
		return ex instanceof ErrorResponse && !(ex instanceof UnavailableException);
	}

	static MiddlewareResult skipped(Throwable ex) {
		return (ex instanceof UnavailableException unavailable) ? unavailable(unavailable, true)
				: MiddlewareResult.FAILED_OPEN;
	}

	static MiddlewareResult unavailable(UnavailableException ex, boolean open) {
		if (ex instanceof DeadlineException) {
			return open ? MiddlewareResult.TIMEOUT_OPEN : MiddlewareResult.TIMEOUT;
		}
		return open ? MiddlewareResult.SHED_OPEN : MiddlewareResult.SHED;
	}

}
