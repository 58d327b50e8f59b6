package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.StepObservation;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;

/**
 * Decides what a completion, a failure or a deadline of a middleware means: whether it is
 * misuse, whether the request goes on without the middleware, and which one is to blame.
 */
final class Verdict {

	private Verdict() {
	}

	/**
	 * The middleware has completed.
	 * @param touches what had been done to the response when it was entered
	 * @return the error to signal instead, or {@code null} if it may complete
	 */
	static @Nullable Throwable completed(Step step, int touches) {
		int phase = StepState.phase(step.word());
		if (phase == StepState.NEXT_FAILED && !isNextAwaited(step)) {
			return refusalOfRest(step);
		}
		boolean nextIsOver = phase == StepState.NEXT_FAILED || phase == StepState.NEXT_CANCELLED;
		if ((phase != StepState.AT_WORK && !nextIsOver) || step.run().end().isClientLost()) {
			return null;
		}
		if (nextIsOver) {
			return (step.middleware().code().style() == Style.AWAIT) ? withoutResponse(step) : null;
		}
		if (!isTouched(step, touches) && step.stepsIn(Misuse.DROPPED_NEXT)) {
			misused(step);
			return new MisuseException("A middleware completed without an answer and without the rest of the chain",
					step.middleware().toString());
		}
		if (isAnsweredByOther(step)) {
			step.markOver(MiddlewareResult.CANCELLED);
		}
		else {
			step.answered();
		}
		return null;
	}

	/**
	 * Whether the answer is that of another middleware than one that is at work, as one
	 * further out makes that does not await the rest of the chain.
	 * @param step the part of the one that is at work
	 */
	static boolean isAnsweredByOther(Step step) {
		return StepState.maySkip(step.word()) && step.run().isAnsweredByOther(step);
	}

	/**
	 * The error of the rest of the chain, if the middleware has started that without
	 * waiting for it, and has not answered itself: a refusal must not become a success.
	 */
	private static @Nullable Throwable refusalOfRest(Step step) {
		Relay next = step.nextRelay;
		if (next == null || step.run().isAnswered(step.exchange) || !step.stepsIn(Misuse.UNAWAITED_NEXT)) {
			return null;
		}
		return next.error();
	}

	private static boolean isNextAwaited(Step step) {
		Relay next = step.nextRelay;
		Relay own = step.relay();
		return next == null || own == null || next.isAwaitedBy(own);
	}

	/**
	 * The function has waited for the response of the rest of the chain, which has failed
	 * or was cancelled, and has returned none of its own.
	 */
	private static @Nullable Throwable withoutResponse(Step step) {
		if (!isUnanswered(step) || !step.stepsIn(Misuse.DROPPED_NEXT)) {
			return null;
		}
		return misusedAfterNext(step, "A middleware completed without a response");
	}

	/**
	 * The middleware has completed without waiting for the rest of the chain, and has
	 * cancelled that, so that there is no answer unless it has set a status itself.
	 * @return the error to signal, or {@code null} if there is an answer
	 */
	static @Nullable Throwable cancelledNext(Step step) {
		return isUnanswered(step)
				? misusedAfterNext(step, "A middleware cancelled the rest of the chain without having waited for it")
				: null;
	}

	private static boolean isUnanswered(Step step) {
		RequestRun run = step.run();
		return run.isObserved() && !run.isOver() && !run.isAnswered(step.exchange) && !hasStatus(step);
	}

	/**
	 * Some servers tell of a status before there is one.
	 */
	private static boolean hasStatus(Step step) {
		HttpStatusCode status = step.exchange.getResponse().getStatusCode();
		return status != null && !HttpStatus.OK.isSameCodeAs(status);
	}

	private static MisuseException misusedAfterNext(Step step, String text) {
		step.markResult(MiddlewareResult.MISUSED);
		MisuseException ex = new MisuseException(text, step.middleware().toString());
		observed(step, ex);
		return ex;
	}

	/**
	 * Whether anything was done to the response since the middleware was entered. If it
	 * has called next, headers alone are no answer. What is not observed may have been.
	 */
	private static boolean isTouched(Step step, int touches) {
		RequestRun run = step.run();
		if (!run.isObserved() || run.isAnswered(step.exchange)
				|| (ResponseCommit.of(step.exchange) == null && hasStatus(step))) {
			// A foreign filter can keep a status back until the response is written
			return true;
		}
		int changed = run.touches() ^ touches;
		return (step.hasCalledNext() ? changed >>> 16 : changed) != 0;
	}

	/**
	 * A misuse is a failure too, and can be skipped.
	 */
	static void misused(Step step) {
		if (!canSkip(step)) {
			step.markOver(MiddlewareResult.MISUSED);
		}
	}

	/**
	 * The middleware has failed. If it has not handed over, and is one that a request can
	 * go without, the request does.
	 * @param ex what it failed with; an answer in the shape of an exception is no failure
	 * @return whether the rest of the chain is to run now
	 */
	static boolean trySkip(Step step, Throwable ex) {
		if (!canSkip(step) || StepState.isAnswer(ex) || isPointless(step, ex)
				|| step.run().isAnsweredWithin(step.exchange) || !step.markSkipped(StepState.skipped(ex))) {
			return false;
		}
		observed(step, ex);
		failures(step).skipped(step.middleware(), FailureLog.Part.REQUEST, ex, step.logged());
		return true;
	}

	/**
	 * The middleware has failed. The error is its own unless the rest of the chain failed
	 * before, or it only tells that the client has left.
	 */
	static void failed(Step step, Throwable ex) {
		if (isPointless(step, ex)) {
			return;
		}
		int before = step.markFailed(ex);
		if (StepState.phase(before) != StepState.NEXT_FAILED) {
			observed(step, ex);
		}
		if (StepState.phase(before) == StepState.AT_WORK && ex instanceof UnavailableException unavailable) {
			failures(step).unavailable(step.middleware(), unavailable, step.logged());
		}
	}

	/**
	 * The middleware, one of a group, has failed.
	 * @return whether the request goes on without it
	 */
	static boolean failedInGroup(Step step, Throwable ex) {
		boolean skipped = trySkip(step, ex);
		if (!skipped) {
			failed(step, ex);
		}
		step.run().finishedTogether(step);
		return skipped;
	}

	private static void observed(Step step, Throwable ex) {
		StepObservation observation = step.observation();
		if (observation != null) {
			observation.failed(ex);
		}
	}

	/**
	 * Whether an error means nothing: it comes too late, or tells that the client has
	 * left.
	 */
	private static boolean isPointless(Step step, Throwable ex) {
		return step.run().isOver() || step.run().end().isClientLost(ex);
	}

	/**
	 * The middleware has used up its time after it had handed over.
	 * @param shown whether the response is shown to it
	 * @return whether the response of the rest of the chain goes out without what the
	 * middleware would have done
	 */
	static boolean tryLeaveResponse(Step step, boolean shown) {
		if (!canSkip(step) || !(shown || StepState.hasEndedNext(step.word()))) {
			return false;
		}
		step.markResult(MiddlewareResult.TIMEOUT_OPEN);
		DeadlineException ex = new DeadlineException();
		observed(step, ex);
		failures(step).skipped(step.middleware(), FailureLog.Part.RESPONSE, ex, step.logged());
		return true;
	}

	/**
	 * The middleware has used up its time, and the error that follows is its own. If it
	 * has not handed over, that can still be skipped.
	 */
	static void timedOut(Step step) {
		if (StepState.phase(step.word()) != StepState.AT_WORK) {
			step.markResult(MiddlewareResult.TIMEOUT);
			failures(step).unavailable(step.middleware(), new DeadlineException(), step.logged());
		}
	}

	/**
	 * What the middleware does before the head has failed. The response goes out without
	 * it.
	 * @param ex the failure, or {@code null} if there was {@code null} in place of a
	 * publisher
	 */
	static void responseHookFailed(Step step, @Nullable Throwable ex) {
		boolean ended = step.run().isEnded();
		if (!ended) {
			step.markFirstResult((ex != null) ? StepState.skipped(ex) : MiddlewareResult.FAILED_OPEN);
		}
		if (ex == null) {
			step.link().guards.misuse()
				.returnedNull(step.middleware(), step.middleware().responsePlace(), step.logged());
		}
		else if (!ended) {
			observed(step, ex);
			failures(step).skipped(step.middleware(), FailureLog.Part.RESPONSE, ex, step.logged());
		}
	}

	private static boolean canSkip(Step step) {
		return step.middleware().onFailure() == OnFailure.SKIP;
	}

	private static FailureLog failures(Step step) {
		return step.link().guards.failures();
	}

}
