package io.github.asyncmiddleware.internal.guard;

import java.time.Duration;

import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.Ticker;
import org.jspecify.annotations.Nullable;

import org.springframework.core.log.LogFormatUtils;
import org.springframework.util.Assert;

/**
 * Logs failures that a request goes on without, and requests that fail because a
 * middleware could not do its work; at most once a minute for each middleware and kind,
 * with the stack trace at debug level.
 */
public final class FailureReporter implements FailureLog {

	private static final GuardLog logger = new GuardLog(LogNames.FAILURE);

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
	public void skipped(Middleware middleware, Part part, Throwable failure, @Nullable LoggedRequest request) {
		report(middleware, Kind.of(part, failure), failure, request);
	}

	@Override
	public void unavailable(Middleware middleware, UnavailableException failure, @Nullable LoggedRequest request) {
		report(middleware, Kind.unavailable(failure), failure, request);
	}

	@Override
	public void responseHookFailed(String middleware, Throwable failure, LoggedRequest request) {
		report(middleware, null, Kind.of(Part.RESPONSE, failure), failure, request);
	}

	private void report(Middleware middleware, Kind kind, Throwable failure, @Nullable LoggedRequest request) {
		report(middleware, middleware, kind, failure, request);
	}

	private void report(Object subject, @Nullable Middleware middleware, Kind kind, Throwable failure,
			@Nullable LoggedRequest request) {
		try {
			log(subject, middleware, kind, failure, request);
		}
		catch (Throwable ex) {
			// Reporting must not decide about the request
			debug(ex);
		}
	}

	private static void debug(Throwable ex) {
		try {
			logger.debug("Could not report a failure", ex);
		}
		catch (Throwable logFailure) {
			// The log itself fails
		}
	}

	private void log(Object subject, @Nullable Middleware middleware, Kind kind, Throwable failure,
			@Nullable LoggedRequest request) {
		// Most failures are not logged, so that no text is made for them
		String name = (middleware != null) ? middleware.name() : subject.toString();
		long unreported = this.pauses.tryEnd(new Subject(name, kind));
		if (unreported > 0) {
			logger.warn(kind.code, middleware, "The " + subject + " " + kind.text.formatted(timeout(middleware))
					+ describe(failure) + LogPauses.times(unreported) + Documentation.see("failures", kind.code),
					request);
		}
		if (logger.isDebugEnabled()) {
			logger.debug("The " + subject + " failed", failure);
		}
	}

	private static String timeout(@Nullable Middleware middleware) {
		Duration timeout = (middleware != null) ? middleware.timeout() : null;
		if (timeout == null) {
			return "";
		}
		return " of " + ((timeout.toMillis() > 0) ? timeout.toMillis() + "ms" : timeout.toNanos() + "ns")
				+ " (own time)";
	}

	/**
	 * The message can contain what a client has sent.
	 */
	private static String describe(Throwable failure) {
		if (failure instanceof UnavailableException) {
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

		FAILED_OPEN("failed_open", "failed, and the request went on without it"),

		TIMEOUT("timeout", "exceeded its timeout%s, and the request was answered with 503"),

		TIMEOUT_OPEN("timeout_open", "exceeded its timeout%s, and the request went on without it"),

		SHED("shed", "got no thread for its blocking code, and the request was answered with 503"),

		SHED_OPEN("shed_open", "got no thread for its blocking code, and the request went on without it"),

		RESPONSE("response_hook_failed", "failed before the head of the response, which went out without it"),

		RESPONSE_TIMEOUT("response_timeout",
				"exceeded its timeout%s before the head of the response, which went out without it"),

		RESPONSE_SHED("response_hook_shed", "got no thread for its blocking code before the head of the response");

		private final String code;

		private final String text;

		Kind(String code, String text) {
			this.code = code;
			this.text = text;
		}

		static Kind unavailable(UnavailableException failure) {
			return (failure instanceof DeadlineException) ? TIMEOUT : SHED;
		}

		static Kind of(Part part, Throwable failure) {
			if (!(failure instanceof UnavailableException)) {
				return (part == Part.REQUEST) ? FAILED_OPEN : RESPONSE;
			}
			if (failure instanceof DeadlineException) {
				return (part == Part.REQUEST) ? TIMEOUT_OPEN : RESPONSE_TIMEOUT;
			}
			return (part == Part.REQUEST) ? SHED_OPEN : RESPONSE_SHED;
		}

	}

	/**
	 * What is reported once a minute.
	 *
	 * @param middleware the name of the middleware, or its text where no engine runs it
	 * @param kind how it has failed
	 */
	private record Subject(String middleware, Kind kind) {

	}

}
