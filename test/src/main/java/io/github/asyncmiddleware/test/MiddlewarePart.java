package io.github.asyncmiddleware.test;

import java.time.Duration;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import org.assertj.core.api.AssertProvider;
import org.jspecify.annotations.Nullable;

/**
 * The part of one middleware in one request, for {@code assertThat}.
 *
 * @see MiddlewareTestResult#middleware(Class)
 */
public final class MiddlewarePart implements AssertProvider<MiddlewarePartAssert> {

	private final String name;

	private final Class<?> type;

	private final @Nullable EndedStep step;

	private final @Nullable Throwable failure;

	MiddlewarePart(String name, Class<?> type, @Nullable EndedStep step, @Nullable Throwable failure) {
		this.name = name;
		this.type = type;
		this.step = step;
		this.failure = failure;
	}

	/**
	 * The name of the middleware, which is the name of its bean.
	 * @return the name
	 */
	public String getName() {
		return this.name;
	}

	/**
	 * The class of the middleware.
	 * @return the class
	 */
	Class<?> type() {
		return this.type;
	}

	/**
	 * How its part ended.
	 * @return the result, or {@code null} if it did not run
	 */
	@Nullable MiddlewareResult result() {
		return (this.step != null) ? this.step.result() : null;
	}

	/**
	 * The time that the middleware spent itself, before and after the rest of the chain,
	 * on the clock of the tester.
	 * @return the own time, zero if it did not run
	 */
	public Duration getOwnTime() {
		return (this.step != null) ? this.step.own() : Duration.ZERO;
	}

	/**
	 * The time from the turn of the middleware to the head of the response, on the clock
	 * of the tester.
	 * @return the time to first byte, or {@code null} if it did not run, or without a
	 * head
	 */
	public @Nullable Duration getTimeToFirstByte() {
		return (this.step != null) ? this.step.ttfb() : null;
	}

	/**
	 * What it has failed with: in front of the rest of the chain, or in its
	 * {@code @OnResponse} method. It does not matter whether the request went on without
	 * it.
	 * @return the failure, or {@code null} if it has not failed
	 */
	public @Nullable Throwable getFailure() {
		return this.failure;
	}

	/**
	 * Use {@code assertThat} of AssertJ instead.
	 * @return the assertions
	 */
	@Override
	public MiddlewarePartAssert assertThat() {
		return new MiddlewarePartAssert(this);
	}

	@Override
	public String toString() {
		return "middleware '" + this.name + "' (" + this.type.getName() + ")";
	}

}
