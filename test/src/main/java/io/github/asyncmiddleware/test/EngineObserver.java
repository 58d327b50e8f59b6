package io.github.asyncmiddleware.test;

import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
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
		return new Guards(new ObservedMisuse(guards.misuse()), new ObservedFailures(guards.failures()), this.clock,
				this.activities);
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
		RequestRun run = RequestRun.of(exchange);
		tell(this.exchanges.containsKey(run.request()) ? run : null, TestedExchange::handlerCalled);
	}

	/**
	 * Tell the exchange of a request, unless it has ended. Where it is not known which
	 * request it is, it concerns all of them: they belong to the same test.
	 */
	private void tell(@Nullable RequestRecord request, Consumer<TestedExchange> news) {
		if (request == null) {
			all().forEach(news);
			return;
		}
		TestedExchange exchange = this.exchanges.get(request.request());
		if (exchange != null) {
			news.accept(exchange);
		}
	}

	private Collection<TestedExchange> all() {
		synchronized (this.exchanges) {
			return List.copyOf(this.exchanges.values());
		}
	}

	private @Nullable RequestRecord current() {
		return this.activities.current().request();
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
		public boolean stepsIn(Middleware middleware, Misuse misuse) {
			note(middleware, misuse, middleware.place());
			return this.delegate.stepsIn(middleware, misuse);
		}

		@Override
		public boolean stepsInRepeatedRun(Middleware first) {
			return this.delegate.stepsInRepeatedRun(first);
		}

		@Override
		public void returnedNull(Middleware middleware, String place) {
			note(middleware, Misuse.NULL_RESULT, place);
			this.delegate.returnedNull(middleware, place);
		}

		private void note(Middleware middleware, Misuse misuse, String place) {
			MisuseReport report = new MisuseReport(middleware, misuse, place);
			tell(current(), (exchange) -> exchange.misused(report));
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
		public void skipped(Middleware middleware, Part part, Throwable failure) {
			tell(current(), (exchange) -> exchange.failedOpen(middleware, failure));
			this.delegate.skipped(middleware, part, failure);
		}

		@Override
		public void unavailable(Middleware middleware, UnavailableException failure) {
			this.delegate.unavailable(middleware, failure);
		}

	}

}
