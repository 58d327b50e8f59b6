package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.record.LedgerEntry;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;

/**
 * The word of a {@link Step}, which {@link StepState} explains. Every transition is one
 * method that returns the word before; what is decided is decided from that alone.
 */
abstract class StepWord extends LedgerEntry implements Beginning {

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(StepWord.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int word;

	final int word() {
		return this.word;
	}

	@Override
	public final MiddlewareResult result() {
		return StepState.result(this.word);
	}

	@Override
	protected final boolean isAtWork() {
		int word = this.word;
		return StepState.maySkip(word) && !StepState.hasResult(word);
	}

	/**
	 * Hand over, where the phase allows it.
	 * @return the word before
	 */
	final int markHandedOver() {
		int word = this.word;
		while (StepState.mayHandOver(word) && !WORD.compareAndSet(this, word, StepState.handedOver(word))) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Note how a run of the rest of the chain has ended that was running or waited for.
	 * One that was given up can end when the next one has begun.
	 * @param run which run, see {@link StepState#run}
	 * @param phase how it has ended
	 * @return the phase before, or {@link StepState#OTHER_RUN}
	 */
	final int markNextEnded(int run, int phase) {
		int word = this.word;
		while (StepState.run(word) == run
				&& (StepState.phase(word) == StepState.HANDED || StepState.phase(word) == StepState.HELD)
				&& !WORD.compareAndSet(this, word, StepState.withPhase(word, phase))) {
			word = this.word;
		}
		return (StepState.run(word) == run) ? StepState.phase(word) : StepState.OTHER_RUN;
	}

	/**
	 * Move from one phase to another.
	 * @return the word before, in which the phase is another one if nothing was changed
	 */
	final int mark(int from, int to) {
		int word = this.word;
		while (StepState.phase(word) == from && !WORD.compareAndSet(this, word, StepState.withPhase(word, to))) {
			word = this.word;
		}
		return word;
	}

	/**
	 * Override the result that the phase tells.
	 * @return the word before
	 */
	final int markResult(MiddlewareResult result) {
		int word = this.word;
		while (!WORD.compareAndSet(this, word, StepState.withResult(word, result))) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The middleware is over, if it is still at work, with a result of its own unless it
	 * has one.
	 */
	final void markOver(MiddlewareResult result) {
		int word = this.word;
		while (StepState.phase(word) == StepState.AT_WORK
				&& !WORD.compareAndSet(this, word, StepState.over(word, result))) {
			word = this.word;
		}
	}

	/**
	 * Go on as if the middleware were absent, which is at work and has not answered.
	 * @return whether the rest of the chain is to run now
	 */
	final boolean markSkipped(MiddlewareResult result) {
		int word = this.word;
		while (StepState.maySkip(word)
				&& !WORD.compareAndSet(this, word, StepState.withResult(StepState.handedOver(word), result))) {
			word = this.word;
		}
		return StepState.maySkip(word);
	}

	/**
	 * Note a failure, unless the rest of the chain is to blame for it.
	 * @return the word before
	 */
	final int markFailed(Throwable ex) {
		int word = this.word;
		while (StepState.isToBlame(word) && !WORD.compareAndSet(this, word, StepState.failed(word, ex))) {
			word = this.word;
		}
		return word;
	}

	/**
	 * The response that the rest of the chain has made is gone.
	 * @return the word before
	 */
	final int markReplaced() {
		return (int) WORD.getAndBitwiseOr(this, StepState.REPLACED);
	}

	/**
	 * The head of an answer of its own is decided.
	 * @return the word before
	 */
	final int markAnswering() {
		return (int) WORD.getAndBitwiseOr(this, StepState.ANSWERING | StepState.DECIDED);
	}

	@Override
	public final void postponed() {
		WORD.getAndBitwiseOr(this, StepState.POSTPONED);
	}

	@Override
	public final void begun() {
		// Most were not postponed
		if ((this.word & StepState.POSTPONED) != 0) {
			WORD.getAndBitwiseAnd(this, ~StepState.POSTPONED);
		}
	}

	/**
	 * Whether the code of the middleware was called, so that it may want to see the
	 * response.
	 */
	final boolean hasBegun() {
		return StepState.hasBegun(this.word);
	}

	@Override
	protected void takesOver(LedgerEntry earlier) {
		if (((StepWord) earlier).hasBegun()) {
			WORD.getAndBitwiseOr(this, StepState.BEGUN_BEFORE);
		}
	}

	/**
	 * It is about to answer, and the head of that is not decided yet.
	 */
	final void markAboutToAnswer() {
		WORD.getAndBitwiseOr(this, StepState.ANSWERING);
	}

	/**
	 * The answer of its own could not be sent.
	 */
	final void markUnanswered() {
		WORD.getAndBitwiseAnd(this, ~StepState.ANSWERING);
	}

	/**
	 * Override the result that the phase tells, unless that has happened. That it has
	 * answered says less.
	 * @return the word before
	 */
	final int markFirstResult(MiddlewareResult result) {
		int word = this.word;
		while ((!StepState.hasResult(word) || StepState.result(word) == MiddlewareResult.ANSWERED)
				&& !WORD.compareAndSet(this, word, StepState.withResult(word, result))) {
			word = this.word;
		}
		return word;
	}

}
