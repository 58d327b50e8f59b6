package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;

/**
 * Who watches over the middlewares of a chain.
 *
 * @param misuse who decides about misuse
 * @param failures who is told of failures that the response does not tell of
 * @param deadlines calls back when a middleware has used up its time
 * @param activities where it is noted what threads are doing, for those who watch them
 */
public record Guards(MisuseGuard misuse, FailureLog failures, Deadlines deadlines, ThreadActivities activities) {

	/**
	 * Nobody.
	 */
	public static final Guards OFF = new Guards(MisuseGuard.OFF, FailureLog.NONE, Deadlines.NONE,
			ThreadActivities.NONE);

	/**
	 * The same without those that judge what a middleware does.
	 * @return the guards of foreign filters
	 */
	Guards unjudging() {
		return new Guards(MisuseGuard.OFF, FailureLog.NONE, this.deadlines, this.activities);
	}

}
