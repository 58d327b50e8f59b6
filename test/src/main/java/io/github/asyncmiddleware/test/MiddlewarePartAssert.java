package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions about the part of one middleware in one request.
 */
public final class MiddlewarePartAssert extends AbstractAssert<MiddlewarePartAssert, MiddlewarePart> {

	MiddlewarePartAssert(MiddlewarePart actual) {
		super(actual, MiddlewarePartAssert.class);
	}

	/**
	 * It has handed over to the rest of the chain, and its {@code @OnResponse} method, if
	 * it has one, has not failed.
	 * @return this assertion
	 */
	public MiddlewarePartAssert passed() {
		return hasResult(MiddlewareResult.PASSED);
	}

	/**
	 * The response is its own: it has not handed over to the rest of the chain.
	 * @return this assertion
	 */
	public MiddlewarePartAssert answered() {
		return hasResult(MiddlewareResult.ANSWERED);
	}

	/**
	 * It has failed, and the request has failed with it.
	 * @return this assertion
	 */
	public MiddlewarePartAssert failed() {
		return hasResult(MiddlewareResult.FAILED);
	}

	/**
	 * It has failed with an error of that type, whether the request went on without it or
	 * not.
	 * @param type the type of the error
	 * @return this assertion
	 */
	public MiddlewarePartAssert failedWith(Class<? extends Throwable> type) {
		hasResult(MiddlewareResult.FAILED, MiddlewareResult.FAILED_OPEN);
		Throwable failure = this.actual.getFailure();
		if (!type.isInstance(failure)) {
			throw causedBy(failure, failure("Expected the %s to fail with %s, but it has failed with %s", this.actual,
					type.getName(), failure));
		}
		return this;
	}

	/**
	 * It has failed, has run out of time or was shed, and the request, or the head of the
	 * response, went on without it.
	 * @return this assertion
	 */
	public MiddlewarePartAssert skipped() {
		return hasResult(MiddlewareResult.FAILED_OPEN, MiddlewareResult.TIMEOUT_OPEN, MiddlewareResult.SHED_OPEN);
	}

	/**
	 * It has used up its time, whether the request went on without it or not.
	 * @return this assertion
	 */
	public MiddlewarePartAssert timedOut() {
		return hasResult(MiddlewareResult.TIMEOUT, MiddlewareResult.TIMEOUT_OPEN);
	}

	/**
	 * It could not run because too much was blocked, whether the request went on without
	 * it or not.
	 * @return this assertion
	 */
	public MiddlewarePartAssert wasShed() {
		return hasResult(MiddlewareResult.SHED, MiddlewareResult.SHED_OPEN);
	}

	/**
	 * The request has ended while it was still at work.
	 * @return this assertion
	 */
	public MiddlewarePartAssert wasCancelled() {
		return hasResult(MiddlewareResult.CANCELLED);
	}

	/**
	 * It did not run, since the request is out of its scope, or has ended before.
	 * @return this assertion
	 */
	public MiddlewarePartAssert didNotRun() {
		MiddlewareResult result = this.actual.result();
		if (result != null) {
			throw causedBy(this.actual.getFailure(), failure("Expected the %s not to run, but its result is '%s'%s",
					this.actual, name(result), cause()));
		}
		return this;
	}

	/**
	 * Its part has ended so.
	 * @param result the result, as the meter {@code async.middleware.own} has it:
	 * {@code passed}, {@code failed_open} and so on
	 * @return this assertion
	 */
	public MiddlewarePartAssert hasResult(String result) {
		return hasResult(MiddlewareResult.valueOf(result.toUpperCase(Locale.ROOT)));
	}

	/**
	 * It has spent that much time itself, on the clock of the tester.
	 * @param ownTime the time
	 * @return this assertion
	 */
	public MiddlewarePartAssert hasOwnTime(Duration ownTime) {
		if (!ownTime.equals(this.actual.getOwnTime())) {
			throw failureWithActualExpected(this.actual.getOwnTime(), ownTime,
					"Expected the own time of the %s to be %s, but it is %s", this.actual, ownTime,
					this.actual.getOwnTime());
		}
		return this;
	}

	private MiddlewarePartAssert hasResult(MiddlewareResult first, MiddlewareResult... rest) {
		Set<MiddlewareResult> expected = EnumSet.of(first, rest);
		MiddlewareResult result = this.actual.result();
		if (result == null) {
			throw failure("Expected the result of the %s to be %s, but it did not run", this.actual, names(expected));
		}
		if (!expected.contains(result)) {
			throw causedBy(this.actual.getFailure(), failure("Expected the result of the %s to be %s, but it is '%s'%s",
					this.actual, names(expected), name(result), cause()));
		}
		return this;
	}

	/**
	 * An assertion error whose stack trace also tells why.
	 */
	static AssertionError causedBy(@Nullable Throwable cause, AssertionError error) {
		if (cause != null && error.getCause() == null) {
			error.initCause(cause);
		}
		return error;
	}

	private String cause() {
		Throwable failure = this.actual.getFailure();
		return (failure != null) ? ": " + failure : "";
	}

	private static String names(Set<MiddlewareResult> results) {
		return results.stream().map((result) -> "'" + name(result) + "'").collect(Collectors.joining(" or "));
	}

	private static String name(MiddlewareResult result) {
		return result.name().toLowerCase(Locale.ROOT);
	}

}
