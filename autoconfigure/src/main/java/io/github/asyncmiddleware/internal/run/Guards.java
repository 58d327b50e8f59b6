package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;

/**
 * What watches over the middlewares of a chain.
 *
 * @param misuse decides about misuse
 * @param failures the log of failures that the response does not tell of
 * @param deadlines calls back when a middleware has used up its time
 * @param activities where it is noted what threads are doing, for the watch
 * @param observer observes each part of a request, or {@code null} if nothing does
 */
public record Guards(MisuseGuard misuse, FailureLog failures, Deadlines deadlines, ThreadActivities activities,
		@Nullable StepObserver observer) {

	/**
	 * No guards.
	 */
	public static final Guards OFF = new Guards(MisuseGuard.OFF, FailureLog.NONE, Deadlines.NONE,
			ThreadActivities.NONE);

	/**
	 * Create guards without an observer.
	 * @param misuse decides about misuse
	 * @param failures the log of failures that the response does not tell of
	 * @param deadlines calls back when a middleware has used up its time
	 * @param activities where it is noted what threads are doing
	 */
	public Guards(MisuseGuard misuse, FailureLog failures, Deadlines deadlines, ThreadActivities activities) {
		this(misuse, failures, deadlines, activities, null);
	}

	/**
	 * The same with an observer.
	 * @param observer observes each part of a request, or {@code null} if nothing does
	 * @return guards that pass it on
	 */
	public Guards observedBy(@Nullable StepObserver observer) {
		return new Guards(this.misuse, this.failures, this.deadlines, this.activities, observer);
	}

	/**
	 * The same without those that judge what a middleware does.
	 * @return the guards of foreign filters
	 */
	Guards unjudging() {
		return new Guards(MisuseGuard.OFF, FailureLog.NONE, this.deadlines, this.activities, this.observer);
	}

}
