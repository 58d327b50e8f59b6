package io.github.asyncmiddleware.internal.guard;

import java.util.List;
import java.util.Locale;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Names every misuse: in the log, with what to change, at most once a minute for each
 * middleware and kind; and to the listeners, each time.
 */
public final class MisuseReporter implements MisuseGuard {

	private static final GuardLog logger = new GuardLog(LogNames.MISUSE);

	private final boolean stepsIn;

	private final List<RequestListener> listeners;

	private final LogPauses<Subject> pauses;

	/**
	 * Create a reporter.
	 * @param stepsIn whether misuse is kept from taking effect, or only reported
	 * @param listeners the listeners
	 * @param ticker the clock
	 */
	public MisuseReporter(boolean stepsIn, List<RequestListener> listeners, Ticker ticker) {
		Assert.notNull(ticker, "'ticker' must not be null");
		this.stepsIn = stepsIn;
		this.listeners = List.copyOf(listeners);
		this.pauses = new LogPauses<>(ticker);
	}

	@Override
	public boolean stepsIn(Middleware middleware, Misuse misuse, @Nullable LoggedRequest request) {
		return stepsIn(middleware, misuse, middleware.place(), request);
	}

	@Override
	public void returnedNull(Middleware middleware, String place, LoggedRequest request) {
		stepsIn(middleware, Misuse.NULL_RESULT, place, request);
	}

	private boolean stepsIn(Middleware middleware, Misuse misuse, String place, @Nullable LoggedRequest request) {
		guarded(() -> log(middleware, misuse, place, request));
		for (RequestListener listener : this.listeners) {
			guarded(() -> listener.onMisuse(middleware, misuse));
		}
		return this.stepsIn;
	}

	@Override
	public boolean stepsIn() {
		return this.stepsIn;
	}

	@Override
	public boolean stepsInRepeatedRun(Middleware first, LoggedRequest request) {
		guarded(() -> logRepeatedRun(first, request));
		return this.stepsIn;
	}

	private void logRepeatedRun(Middleware first, LoggedRequest request) {
		long unreported = this.pauses.tryEnd(new Subject(first.name(), null));
		if (unreported > 0) {
			logger.warn("repeated_chain", first, "A filter in front of the " + first
					+ " ran the filter chain again, although the first run goes on or has succeeded."
					+ (this.stepsIn ? " The second run was left out." : "")
					+ " Look for a filter with switchIfEmpty(chain.filter(exchange)) behind a Mono<Void>, or with repeat()."
					+ LogPauses.times(unreported) + Documentation.see("misuse", "in-filters-of-others"), request);
		}
	}

	private void log(Middleware middleware, Misuse misuse, String place, @Nullable LoggedRequest request) {
		long unreported = this.pauses.tryEnd(new Subject(middleware.name(), misuse));
		if (unreported > 0) {
			logger.warn(code(misuse), middleware, describe(middleware, misuse, place) + LogPauses.times(unreported),
					request);
		}
	}

	/**
	 * Report something, which must not decide about the request.
	 */
	private static void guarded(Runnable report) {
		try {
			report.run();
		}
		catch (Throwable ex) {
			debug(ex);
		}
	}

	private static void debug(Throwable ex) {
		try {
			logger.debug("Could not report a misuse", ex);
		}
		catch (Throwable logFailure) {
			// The log itself fails
		}
	}

	/**
	 * What the log says of a misuse behind its kind in brackets.
	 * @param middleware the middleware
	 * @param misuse what it does
	 * @param place the class and the name of the method that does it
	 * @return the middleware, what it does, and what to change
	 */
	public static String describe(Middleware middleware, Misuse misuse, String place) {
		String text = switch (middleware.code().style()) {
			case NATIVE, FOREIGN -> describeFilter(misuse, place);
			case AWAIT -> describeFunction(misuse, place);
			case HOOKS -> describeHooks(misuse, place);
		};
		return "The " + middleware + " " + text + Documentation.see("misuse", code(misuse));
	}

	private static String code(Misuse misuse) {
		return misuse.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Hooks are not given the rest of the chain, so there is little that they can do.
	 */
	private static String describeHooks(Misuse misuse, String place) {
		return (misuse == Misuse.NULL_RESULT)
				? "returned null from " + place + ". Return a publisher, as the method declares."
				: "answered and left the response untouched. Return an answer that has a status, or nothing to go on.";
	}

	private static String describeFilter(Misuse misuse, String place) {
		return switch (misuse) {
			case NULL_RESULT -> "returned null from " + place
					+ ". Return a Mono: chain.filter(exchange), or Mono.empty() after an answer.";
			case DROPPED_NEXT ->
				"completed with the response untouched, and the rest of the chain was not run. Return what chain.filter(exchange) returns, or answer: with a status, a body or setComplete().";
			case REPEATED_NEXT ->
				"ran the rest of the chain again, although the first run goes on or has succeeded. Look for switchIfEmpty(chain.filter(exchange)) behind a Mono<Void>, or repeat().";
			case LATE_NEXT ->
				"ran the rest of the chain after it had answered. Return either the answer or chain.filter(exchange).";
			case UNAWAITED_NEXT ->
				"completed without waiting for the rest of the chain. Return the Mono that chain.filter(exchange) returns instead of subscribing to it.";
		};
	}

	private static String describeFunction(Misuse misuse, String place) {
		return switch (misuse) {
			case NULL_RESULT ->
				"returned null from " + place + ". Return a Mono: what next.handle(request) returns, or an answer.";
			case DROPPED_NEXT ->
				"completed without a response. Return the one that next.handle(request) emits, or one of its own.";
			case REPEATED_NEXT ->
				"ran the rest of the chain again, although the first run goes on or has succeeded. Subscribe to next.handle(request) once.";
			case LATE_NEXT ->
				"ran the rest of the chain after it had answered. Return either the answer or what next.handle(request) returns.";
			case UNAWAITED_NEXT ->
				"answered without waiting for the rest of the chain that it had started. Return the Mono that next.handle(request) returns, or one made from it, instead of subscribing to it.";
		};
	}

	/**
	 * What is reported once a minute.
	 *
	 * @param middleware the name of the middleware
	 * @param misuse what it does, or {@code null} if a filter in front of it does it
	 */
	private record Subject(String middleware, @Nullable Misuse misuse) {

	}

}
