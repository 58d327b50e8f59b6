package io.github.asyncmiddleware.test;

import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * Notes for each exchange what the engine says of it.
 */
final class EngineObserver implements RequestListener {

	/** Those that go on, by their requests. */
	private final Map<ServerHttpRequest, TestedExchange> exchanges = Collections
		.synchronizedMap(new IdentityHashMap<>());

	private final ThreadActivities activities = new ThreadActivities();

	private final VirtualClock clock;

	EngineObserver(VirtualClock clock) {
		this.clock = clock;
	}

	ThreadActivities activities() {
		return this.activities;
	}

	void begin(TestedExchange exchange) {
		this.exchanges.put(exchange.request(), exchange);
	}

	void end(TestedExchange exchange) {
		this.exchanges.remove(exchange.request());
	}

	/**
	 * Guards that do what the given ones do and tell this observer, with deadlines on the
	 * clock of the test.
	 */
	Guards observe(Guards guards) {
		// The engine knows one observer, and a test that brings its own needs that
		StepObserver observer = (guards.observer() != null) ? guards.observer()
				: (request, step, context) -> new StepFailure();
		return new Guards(new ObservedMisuse(guards.misuse()), new ObservedFailures(guards.failures()), this.clock,
				this.activities, observer);
	}

	@Override
	public void onHead(RequestRecord request) {
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
		TestedExchange exchange = this.exchanges.get(request.request());
		if (exchange != null) {
			exchange.reported(request, result);
		}
	}

	/**
	 * The handler is called.
	 */
	void handlerCalled(ServerWebExchange exchange) {
		tell(exchange, TestedExchange::handlerCalled);
	}

	/**
	 * An assertion of the handler has failed.
	 */
	void handlerAsserted(ServerWebExchange exchange, AssertionError error) {
		tell(exchange, (tested) -> tested.handlerAsserted(error));
	}

	/**
	 * Tell the tested exchange that an exchange belongs to, unless it has ended. Where a
	 * filter has passed on one that does not tell, it concerns all of them: they belong
	 * to the same test.
	 */
	private void tell(@Nullable ServerWebExchange exchange, Consumer<TestedExchange> news) {
		if (exchange == null) {
			all().forEach(news);
			return;
		}
		RequestRun run = RequestRun.of(exchange);
		TestedExchange tested = this.exchanges.get(run.request());
		if (tested != null) {
			news.accept(tested);
		}
		else if (!run.isEnded()) {
			all().forEach(news);
		}
	}

	private Collection<TestedExchange> all() {
		synchronized (this.exchanges) {
			return List.copyOf(this.exchanges.values());
		}
	}

	/**
	 * Notes misuse.
	 */
	private final class ObservedMisuse implements MisuseGuard {

		private final MisuseGuard delegate;

		ObservedMisuse(MisuseGuard delegate) {
			this.delegate = delegate;
		}

		@Override
		public boolean stepsIn(Middleware middleware, Misuse misuse, @Nullable LoggedRequest request) {
			note(middleware, misuse, middleware.place(), request);
			return this.delegate.stepsIn(middleware, misuse, request);
		}

		@Override
		public boolean stepsIn() {
			return this.delegate.stepsIn();
		}

		@Override
		public boolean stepsInRepeatedRun(Middleware first, LoggedRequest request) {
			return this.delegate.stepsInRepeatedRun(first, request);
		}

		@Override
		public void returnedNull(Middleware middleware, String place, LoggedRequest request) {
			note(middleware, Misuse.NULL_RESULT, place, request);
			this.delegate.returnedNull(middleware, place, request);
		}

		private void note(Middleware middleware, Misuse misuse, String place, @Nullable LoggedRequest request) {
			MisuseReport report = new MisuseReport(middleware, misuse, place);
			tell((request != null) ? request.exchange() : null, (exchange) -> exchange.misused(report));
		}

	}

	/**
	 * Notes failures.
	 */
	private final class ObservedFailures implements FailureLog {

		private final FailureLog delegate;

		ObservedFailures(FailureLog delegate) {
			this.delegate = delegate;
		}

		@Override
		public void skipped(Middleware middleware, Part part, Throwable failure, @Nullable LoggedRequest request) {
			tell((request != null) ? request.exchange() : null, (exchange) -> exchange.failedOpen(middleware, failure));
			this.delegate.skipped(middleware, part, failure, request);
		}

		@Override
		public void unavailable(Middleware middleware, UnavailableException failure, @Nullable LoggedRequest request) {
			this.delegate.unavailable(middleware, failure, request);
		}

	}

}
