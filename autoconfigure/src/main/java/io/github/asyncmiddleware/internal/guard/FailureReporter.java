package io.github.asyncmiddleware.internal.guard;

import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.OverloadException;
import io.github.asyncmiddleware.internal.chain.Ticker;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.core.log.LogFormatUtils;
import org.springframework.util.Assert;

/**
 * Logs failures that a request goes on without, at most once a minute for each middleware
 * and kind; with the stack trace at debug level.
 */
public final class FailureReporter implements FailureLog {

	private static final Log logger = LogFactory.getLog(FailureReporter.class);

	private static final int MAX_LENGTH = 200;

	private final LogPauses<Subject> pauses;

	/**
	 * Create a reporter.
	 * @param ticker the clock
	 */
	public FailureReporter(Ticker ticker) {
		Assert.notNull(ticker, "'ticker' must not be null");
		this.pauses = new LogPauses<>(ticker);
	}

	@Override
	public void skipped(Middleware middleware, Part part, Throwable failure) {
		try {
			report(middleware, part, failure);
		}
		catch (RuntimeException ex) {
			// Reporting must not decide about the request
			logger.debug("Could not report a failure", ex);
		}
	}

	private void report(Middleware middleware, Part part, Throwable failure) {
		Kind kind = Kind.of(part, failure);
		long unreported = this.pauses.tryEnd(new Subject(middleware.name(), kind));
		if (unreported > 0) {
			logger.warn("[" + kind.code + "] The " + middleware + " " + kind.text + describe(failure)
					+ LogPauses.times(unreported) + " See docs/failures.md.");
		}
		if (logger.isDebugEnabled()) {
			logger.debug("The " + middleware + " failed", failure);
		}
	}

	/**
	 * The message can contain what a client has sent.
	 */
	private static String describe(Throwable failure) {
		if (failure instanceof OverloadException) {
			return ".";
		}
		StackTraceElement[] trace = failure.getStackTrace();
		return ": " + LogFormatUtils.formatValue(failure.toString(), MAX_LENGTH, true)
				+ ((trace.length > 0) ? " at " + trace[0] : "") + ".";
	}

	/**
	 * What kinds of failures there are.
	 */
	private enum Kind {

		FAILED("failed_open", "failed, and the request went on without it"),

		SHED("shed_open", "could not run because too much is blocked already, and the request went on without it"),

		RESPONSE("response_hook_failed", "failed before the head of the response, which went out without it"),

		RESPONSE_SHED("response_hook_shed",
				"could not run before the head of the response because too much is blocked already");

		private final String code;

		private final String text;

		Kind(String code, String text) {
			this.code = code;
			this.text = text;
		}

		static Kind of(Part part, Throwable failure) {
			boolean shed = failure instanceof OverloadException;
			return switch (part) {
				case REQUEST -> shed ? SHED : FAILED;
				case RESPONSE -> shed ? RESPONSE_SHED : RESPONSE;
			};
		}

	}

	/**
	 * What is reported once a minute.
	 *
	 * @param middleware the name of the middleware
	 * @param kind how it has failed
	 */
	private record Subject(String middleware, Kind kind) {

	}

}
