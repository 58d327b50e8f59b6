package io.github.asyncmiddleware.test;

import org.jspecify.annotations.Nullable;

/**
 * Recognises the errors with which Reactor and BlockHound refuse to block a thread.
 */
final class BlockingFailures {

	private static final String BLOCK_HOUND = "reactor.blockhound.BlockingOperationError";

	/** Causes can form a circle. */
	private static final int MOST_CAUSES = 100;

	private BlockingFailures() {
	}

	/**
	 * Find the error that tells where a thread would have been blocked.
	 * @param failure what a middleware has failed with
	 * @return the error, or {@code null} if the failure has another cause
	 */
	static @Nullable Throwable find(@Nullable Throwable failure) {
		Throwable cause = failure;
		for (int i = 0; cause != null && i < MOST_CAUSES; i++) {
			if (cause.getClass().getName().equals(BLOCK_HOUND) || isOfReactor(cause)) {
				return cause;
			}
			cause = cause.getCause();
		}
		return null;
	}

	/**
	 * Where the thread would have been blocked. Reactor cuts the stack trace of an error
	 * at the first frame that is not its own, and keeps the whole one beside it.
	 */
	static StackTraceElement[] stackOf(Throwable failure) {
		StackTraceElement[] stack = failure.getStackTrace();
		for (Throwable suppressed : failure.getSuppressed()) {
			if (suppressed.getStackTrace().length > stack.length) {
				stack = suppressed.getStackTrace();
			}
		}
		return stack;
	}

	private static boolean isOfReactor(Throwable cause) {
		String message = cause.getMessage();
		return cause instanceof IllegalStateException && message != null
				&& message.contains("blocking, which is not supported in thread") && cause.getStackTrace().length > 0
				&& cause.getStackTrace()[0].getClassName().startsWith("reactor.core.publisher.");
	}

}
