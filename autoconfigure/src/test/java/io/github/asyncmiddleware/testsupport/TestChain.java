package io.github.asyncmiddleware.testsupport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.WebExceptionHandler;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import org.springframework.web.server.handler.ResponseStatusExceptionHandler;

/**
 * The real engine around a handler, driven with mock requests.
 */
public final class TestChain {

	private final List<ChainEntry> entries = new ArrayList<>();

	private final List<RequestListener> listeners = new ArrayList<>();

	private final List<WebExceptionHandler> exceptionHandlers = new ArrayList<>();

	private MisuseGuard guard = (middleware, misuse, request) -> true;

	private FailureLog failures = FailureLog.NONE;

	private Deadlines deadlines = Deadlines.NONE;

	private ThreadActivities activities = ThreadActivities.NONE;

	private boolean promptly;

	private Ticker ticker = Ticker.SYSTEM;

	private HeadDecorator headDecorator = HeadDecorator.NONE;

	private ObservationRegistry observationRegistry = ObservationRegistry.NOOP;

	private @Nullable StepObserver observer;

	private WebHandler handler = (exchange) -> exchange.getResponse().setComplete();

	public static Middleware middleware(int index, String name) {
		return middleware(index, name, (exchange, chain) -> chain.filter(exchange));
	}

	public static Middleware middleware(int index, String name, WebFilter filter) {
		return new Middleware(index, name, filter.getClass(), index, MiddlewareScope.ALL, filter);
	}

	public TestChain entries(List<? extends ChainEntry> entries) {
		this.entries.addAll(entries);
		return this;
	}

	public TestChain entry(ChainEntry entry) {
		this.entries.add(entry);
		return this;
	}

	public TestChain middleware(String name, WebFilter filter) {
		return middleware(name, MiddlewareScope.ALL, filter);
	}

	public TestChain middleware(String name, MiddlewareScope scope, WebFilter filter) {
		int index = (int) this.entries.stream().filter((entry) -> entry.measured() != null).count();
		return entry(new Middleware(index, name, filter.getClass(), index, scope, filter));
	}

	public TestChain middleware(String name, MiddlewareCode code) {
		return middleware(name, OnFailure.FAIL, code);
	}

	public TestChain middleware(String name, OnFailure onFailure, MiddlewareCode code) {
		return middleware(name, onFailure, null, code);
	}

	public TestChain middleware(String name, OnFailure onFailure, @Nullable Duration timeout, MiddlewareCode code) {
		int index = (int) this.entries.stream().filter((entry) -> entry.measured() != null).count();
		return entry(new Middleware(index, name, code.filter().getClass(), index, MiddlewareScope.ALL, onFailure,
				timeout, code));
	}

	public TestChain foreign(String name, WebFilter filter) {
		return entry(new ForeignFilter(name, filter.getClass(), 0, filter));
	}

	/**
	 * A foreign filter that is measured.
	 */
	public TestChain measured(String name, WebFilter filter) {
		int index = (int) this.entries.stream().filter((entry) -> entry.measured() != null).count();
		return entry(new ForeignFilter(name, filter.getClass(), 0, filter,
				Middleware.ofForeign(index, name, filter.getClass(), 0, filter)));
	}

	public TestChain exceptionHandler(WebExceptionHandler exceptionHandler) {
		this.exceptionHandlers.add(exceptionHandler);
		return this;
	}

	/**
	 * Render errors without logging them, for tests with very many.
	 */
	public TestChain quietErrors() {
		return exceptionHandler((exchange, ex) -> {
			ServerHttpResponse response = exchange.getResponse();
			response.setRawStatusCode((ex instanceof ErrorResponse answer) ? answer.getStatusCode().value() : 500);
			return response.setComplete();
		});
	}

	public TestChain listener(RequestListener listener) {
		this.listeners.add(listener);
		return this;
	}

	/**
	 * Let no sample wait on its way to the listeners, as it is when an application goes
	 * down.
	 */
	public TestChain promptly() {
		this.promptly = true;
		return this;
	}

	public TestChain guard(MisuseGuard guard) {
		this.guard = guard;
		return this;
	}

	public TestChain failures(FailureLog failures) {
		this.failures = failures;
		return this;
	}

	public TestChain activities(ThreadActivities activities) {
		this.activities = activities;
		return this;
	}

	public TestChain deadlines(Deadlines deadlines) {
		this.deadlines = deadlines;
		return this;
	}

	public TestChain ticker(Ticker ticker) {
		this.ticker = ticker;
		return this;
	}

	public TestChain headDecorator(HeadDecorator headDecorator) {
		this.headDecorator = headDecorator;
		return this;
	}

	public TestChain observationRegistry(ObservationRegistry observationRegistry) {
		this.observationRegistry = observationRegistry;
		return this;
	}

	/**
	 * Observe the part of each middleware.
	 */
	public TestChain observer(StepObserver observer) {
		this.observer = observer;
		return this;
	}

	public TestChain handler(WebHandler handler) {
		this.handler = handler;
		return this;
	}

	/**
	 * The middlewares among the filters so far.
	 */
	public List<Middleware> middlewares() {
		return this.entries.stream().filter(Middleware.class::isInstance).map(Middleware.class::cast).toList();
	}

	public HttpHandler build() {
		return build(this.handler);
	}

	public HttpHandler build(WebHandler handler) {
		Guards guards = new Guards(this.guard, this.failures, this.deadlines, this.activities, this.observer);
		MiddlewareHttpHandlerFactory factory = new MiddlewareHttpHandlerFactory(
				(all, context) -> List.copyOf(this.entries), this.listeners, guards, this.ticker, this.headDecorator);
		HttpHandler built = builder(handler).httpHandlerDecorator(factory).build();
		if (this.promptly) {
			factory.close();
		}
		return built;
	}

	/**
	 * The same filters as Spring alone runs them.
	 */
	public HttpHandler buildBare(WebHandler handler) {
		return builder(handler).build();
	}

	private WebHttpHandlerBuilder builder(WebHandler handler) {
		WebHttpHandlerBuilder builder = WebHttpHandlerBuilder.webHandler(handler)
			.filters((filters) -> this.entries.forEach((entry) -> filters.add(entry.filter())))
			.observationRegistry(this.observationRegistry);
		this.exceptionHandlers.forEach(builder::exceptionHandler);
		return builder.exceptionHandler(new ResponseStatusExceptionHandler());
	}

	public static void get(HttpHandler handler, String path) {
		exchange(handler, MockServerHttpRequest.get(path).build()).block(Duration.ofSeconds(10));
	}

	public static void request(HttpHandler handler, HttpMethod method, String path) {
		exchange(handler, MockServerHttpRequest.method(method, path).build()).block(Duration.ofSeconds(10));
	}

	/**
	 * Send a request through some middlewares and do something with its record before it
	 * is forgotten.
	 */
	public static void inspect(List<Middleware> middlewares, Consumer<RequestRecord> action) {
		Inspector inspector = new Inspector(action);
		get(new TestChain().entries(middlewares).listener(inspector).build(), "/");
		if (inspector.failure != null) {
			throw new AssertionError(inspector.failure);
		}
	}

	public static Mono<Void> exchange(HttpHandler handler, MockServerHttpRequest request) {
		return handler.handle(request, new MockServerHttpResponse());
	}

	/**
	 * Does something at the end of a request, and keeps what it throws from the engine.
	 */
	private static final class Inspector implements RequestListener {

		private final Consumer<RequestRecord> action;

		private Throwable failure;

		Inspector(Consumer<RequestRecord> action) {
			this.action = action;
		}

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
			try {
				this.action.accept(request);
			}
			catch (Throwable ex) {
				this.failure = ex;
			}
		}

	}

}
