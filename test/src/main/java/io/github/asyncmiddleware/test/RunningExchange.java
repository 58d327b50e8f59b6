package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * A request that runs, or has ended meanwhile. For the thread of the test that has
 * started it.
 */
public final class RunningExchange {

	private static final long LOOK = 1;

	private final TestEngine engine;

	private final TestedExchange exchange;

	private final Setup setup;

	RunningExchange(TestEngine engine, TestedExchange exchange, Setup setup) {
		this.engine = engine;
		this.exchange = exchange;
		this.setup = setup;
	}

	/**
	 * Let time pass on the clock that the timeouts and the own times of the middlewares
	 * count on, for all requests of the tester that run. It is the clock of Reactor too,
	 * for {@code Mono.delay} and others, if the test has put that on virtual time with
	 * {@code VirtualTimeScheduler.getOrSet()} before.
	 * @param duration how much time
	 * @return this exchange
	 * @throws AssertionError if a middleware blocks a thread meanwhile
	 */
	public RunningExchange advance(Duration duration) {
		this.engine.advance(duration, this.exchange);
		return this;
	}

	/**
	 * Wait in real time until the turn of a middleware has come, such as one behind a
	 * blocking hook, which runs on another thread.
	 * @param name the name of the middleware
	 * @return this exchange
	 * @throws IllegalArgumentException if there is no such middleware
	 * @throws AssertionError if its turn does not come
	 */
	public RunningExchange awaitEntered(String name) {
		Assert.isTrue(this.engine.middlewares().containsKey(name),
				() -> "There is no middleware '%s', only %s".formatted(name, this.engine.middlewares().keySet()));
		return awaitCondition(() -> isEntered(name), "the middleware '" + name + "' is not entered");
	}

	/**
	 * Wait in real time until the handler was called.
	 * @return this exchange
	 * @throws AssertionError if it is not
	 */
	public RunningExchange awaitHandler() {
		return awaitCondition(() -> this.exchange.handlerCalls() > 0, "the handler is not called");
	}

	private boolean isEntered(String name) {
		RequestRecord request = this.exchange.record();
		for (StepRecord step = (request != null) ? request.last() : null; step != null; step = step.previous()) {
			if (step.middleware().name().equals(name)) {
				return true;
			}
		}
		return this.exchange.steps().stream().anyMatch((step) -> step.middleware().name().equals(name));
	}

	private RunningExchange awaitCondition(BooleanSupplier condition, String otherwise) {
		RemainingTime time = new RemainingTime(this.setup.timeLimit);
		boolean last = false;
		while (!condition.getAsBoolean()) {
			if (last) {
				throw new AssertionError(
						"The request " + (hasEnded() ? "has ended" : "still runs") + ", but " + otherwise + ".");
			}
			last = hasEnded() || time.look() == 0;
			pause();
		}
		return this;
	}

	private boolean hasEnded() {
		return this.exchange.reportedLatch().getCount() == 0;
	}

	private static void pause() {
		try {
			Thread.sleep(LOOK);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while a request is running", ex);
		}
	}

	/**
	 * Let the client leave.
	 * @return this exchange
	 */
	public RunningExchange cancel() {
		this.engine.cancel(this.exchange);
		return this;
	}

	/**
	 * Wait in real time for the end of the request.
	 * @return what came of it
	 * @throws AssertionError if the request does not end, if a middleware has broken the
	 * rules of a filter or blocks a thread, or if an assertion of the handler has failed:
	 * then it is that error
	 */
	public MiddlewareTestResult await() {
		this.engine.await(this.exchange.signalledLatch(), this.exchange);
		this.engine.await(this.exchange.reportedLatch(), this.exchange);
		this.engine.ended(this.exchange);
		this.exchange.throwAssertion();
		MiddlewareTestResult result = new MiddlewareTestResult(this.exchange, parts());
		if (!this.setup.misuseAllowed && !this.exchange.misuse().isEmpty()) {
			throw new AssertionError(this.exchange.misuse().get(0).toString());
		}
		if (!this.setup.blockingAllowed) {
			this.exchange.steps().forEach(this::checkBlocking);
		}
		return result;
	}

	private Map<String, MiddlewarePart> parts() {
		Map<String, MiddlewarePart> parts = new LinkedHashMap<>();
		for (EndedStep step : this.exchange.steps()) {
			String name = step.middleware().name();
			parts.put(name, new MiddlewarePart(name, step.middleware().type(), step, failure(step)));
		}
		this.engine.middlewares()
			.forEach((name, type) -> parts.computeIfAbsent(name, (key) -> new MiddlewarePart(name, type, null, null)));
		return parts;
	}

	/**
	 * What a middleware has failed with. That of the request can be another one, which a
	 * filter in front has made of it, so it is the last resort.
	 */
	private @Nullable Throwable failure(EndedStep step) {
		return switch (step.result()) {
			case FAILED, TIMEOUT, SHED, MISUSED -> (step.failure() != null) ? step.failure() : this.exchange.failure();
			default -> this.exchange.failureOf(step.middleware().name());
		};
	}

	private void checkBlocking(EndedStep step) {
		checkBlocking(step, failure(step));
		// A filter in front may have tried it again
		checkBlocking(step, step.failure());
		if (step.result() == MiddlewareResult.FAILED) {
			// Or block itself. The engine blames no filter for what comes after a failure
			checkBlocking(step, this.exchange.failure());
		}
	}

	private static void checkBlocking(EndedStep step, @Nullable Throwable failure) {
		Throwable blocking = BlockingFailures.find(failure);
		if (blocking != null) {
			throw BlockingCheck.blocked(step.middleware(), BlockingFailures.stackOf(blocking));
		}
	}

}
