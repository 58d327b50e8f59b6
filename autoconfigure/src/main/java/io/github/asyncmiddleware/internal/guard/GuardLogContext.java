package io.github.asyncmiddleware.internal.guard;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sets the thread-locals of a request while a line about it is logged. The only class
 * here that may name the optional context-propagation library.
 */
final class GuardLogContext {

	private static final Log logger = LogFactory.getLog(GuardLogContext.class);

	private static final ContextSnapshotFactory SNAPSHOTS = ContextSnapshotFactory.builder().build();

	/** Takes away what was not there before. */
	private static final ContextSnapshotFactory RESTORING = ContextSnapshotFactory.builder().clearMissing(true).build();

	private GuardLogContext() {
	}

	/**
	 * Log with what is in the context of a request. A thread-local that cannot be read or
	 * set costs the line its context, and not the line.
	 * @param request the request
	 * @param line writes the line
	 */
	static void with(LoggedRequest request, Runnable line) {
		ContextSnapshot before = null;
		ContextSnapshot.Scope scope = null;
		try {
			before = RESTORING.captureAll();
			scope = SNAPSHOTS.setThreadLocalsFrom(request.context());
		}
		catch (Exception | LinkageError | AssertionError ex) {
			logger.debug("Could not set the thread-locals of a request for a line about it", ex);
		}
		try {
			line.run();
		}
		finally {
			restore(scope, before);
		}
	}

	/**
	 * Where a scope could not be opened or closed, some of them may be set.
	 */
	private static void restore(ContextSnapshot.@Nullable Scope scope, @Nullable ContextSnapshot before) {
		if (scope != null && succeeds(scope::close)) {
			return;
		}
		if (before != null) {
			succeeds(before::setThreadLocals);
		}
	}

	private static boolean succeeds(Runnable restoration) {
		try {
			restoration.run();
			return true;
		}
		catch (Exception | LinkageError | AssertionError ex) {
			logger.debug("Could not restore the thread-locals of a thread", ex);
			return false;
		}
	}

}
