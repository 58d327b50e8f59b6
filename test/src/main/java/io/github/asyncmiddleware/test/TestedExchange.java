package io.github.asyncmiddleware.test;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.run.RequestRun;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHeadResponseDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.handler.ExceptionHandlingWebHandler;

/**
 * One request on its way through the engine, and what was noticed of it. May be used by
 * any thread.
 */
final class TestedExchange {

	private final MockServerHttpRequest request;

	private final SharedThreads sharedThreads = new SharedThreads();

	private final ServerResponse response = new ServerResponse();

	/** Guarded by itself. */
	private final ByteArrayOutputStream body = new ByteArrayOutputStream();

	private final AtomicInteger handlerCalls = new AtomicInteger();

	private final List<MisuseReport> misuse = new CopyOnWriteArrayList<>();

	/** Those that the request went on in spite of, by the name of the middleware. */
	private final Map<String, Throwable> failures = new ConcurrentHashMap<>();

	private final CountDownLatch reported = new CountDownLatch(1);

	private final CountDownLatch signalled = new CountDownLatch(1);

	private final Disposable.Swap subscription = Disposables.swap();

	/** Of the handler, which belongs to the test: no middleware may recover from it. */
	private final AtomicReference<@Nullable AssertionError> assertion = new AtomicReference<>();

	// Published by the latches

	private @Nullable Throwable error;

	private @Nullable Throwable rendered;

	private @Nullable RequestResult result;

	private List<EndedStep> steps = List.of();

	TestedExchange(MockServerHttpRequest request) {
		this.request = request;
		this.response.setWriteHandler(this::write);
	}

	private Mono<Void> write(Publisher<? extends DataBuffer> buffers) {
		return Flux.from(buffers).doOnNext(this::append).then();
	}

	private void append(DataBuffer buffer) {
		byte[] bytes = new byte[buffer.readableByteCount()];
		buffer.read(bytes);
		DataBufferUtils.release(buffer);
		synchronized (this.body) {
			this.body.writeBytes(bytes);
		}
	}

	/**
	 * Begin the request on the current thread.
	 */
	void subscribeTo(HttpHandler handler, ContextView context) {
		try {
			// As the adapters of servers do
			ServerHttpResponse response = HttpMethod.HEAD.equals(this.request.getMethod())
					? new HttpHeadResponseDecorator(this.response) : this.response;
			this.subscription.update(handler.handle(this.request, response)
				.contextWrite(context)
				.subscribe(null, this::failed, this.signalled::countDown));
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	private void failed(Throwable error) {
		this.error = error;
		this.signalled.countDown();
	}

	/**
	 * The client leaves.
	 */
	void cancel() {
		this.subscription.dispose();
		this.signalled.countDown();
	}

	void handlerCalled() {
		this.handlerCalls.incrementAndGet();
	}

	void handlerAsserted(AssertionError error) {
		this.assertion.compareAndSet(null, error);
	}

	/**
	 * Throw the assertion of the handler that has failed first.
	 * @throws AssertionError if one has
	 */
	void throwAssertion() {
		AssertionError assertion = this.assertion.get();
		if (assertion != null) {
			throw assertion;
		}
	}

	void misused(MisuseReport report) {
		this.misuse.add(report);
	}

	void failedOpen(Middleware middleware, Throwable failure) {
		this.failures.put(middleware.name(), failure);
	}

	/**
	 * The engine has reported the end of the request.
	 */
	void reported(RequestRecord record, RequestResult result) {
		List<EndedStep> steps = new ArrayList<>();
		for (StepRecord step = record.last(); step != null; step = step.previous()) {
			steps.add(0, EndedStep.of(step, record));
		}
		this.steps = steps;
		this.result = result;
		ServerWebExchange exchange = record.exchange();
		this.rendered = (exchange != null) ? exchange.getAttribute(ExceptionHandlingWebHandler.HANDLED_WEB_EXCEPTION)
				: null;
		this.reported.countDown();
	}

	/**
	 * The engine does not observe the request, since no middleware takes part.
	 */
	void unobserved() {
		this.reported.countDown();
	}

	/**
	 * Counted down when the engine has reported the end.
	 */
	CountDownLatch reportedLatch() {
		return this.reported;
	}

	/**
	 * Counted down when the server has got the last signal.
	 */
	CountDownLatch signalledLatch() {
		return this.signalled;
	}

	/**
	 * What the engine knows of the request while it goes on.
	 * @return the record, or {@code null} if the engine has not begun it
	 */
	@Nullable RequestRecord record() {
		try {
			return (this.request.getAttributes().get(RequestRun.class.getName()) instanceof RequestRecord record)
					? record : null;
		}
		catch (IllegalStateException ex) {
			return null;
		}
	}

	/**
	 * Those there were when it began.
	 */
	SharedThreads sharedThreads() {
		return this.sharedThreads;
	}

	MockServerHttpRequest request() {
		return this.request;
	}

	ServerHttpResponse response() {
		return this.response;
	}

	/**
	 * Whether the server has got the head of a response.
	 */
	boolean hasHead() {
		return this.response.head;
	}

	/**
	 * Whether the response has ended in the middle of the body.
	 * @return {@code false} if it is whole, or if the client has left
	 */
	boolean isCut() {
		// Without a middleware only the server knows
		return hasHead() && (this.result == RequestResult.CUT || this.error != null);
	}

	HttpStatusCode status() {
		return this.response.getStatusCode();
	}

	byte[] body() {
		synchronized (this.body) {
			return this.body.toByteArray();
		}
	}

	int handlerCalls() {
		return this.handlerCalls.get();
	}

	List<MisuseReport> misuse() {
		return this.misuse;
	}

	/**
	 * The error that exception handlers have rendered, or that was left to the server.
	 */
	@Nullable Throwable failure() {
		return (this.rendered != null) ? this.rendered : this.error;
	}

	@Nullable RequestResult result() {
		return this.result;
	}

	List<EndedStep> steps() {
		return this.steps;
	}

	/**
	 * What a middleware has failed with that the request went on without.
	 */
	@Nullable Throwable failureOf(String middleware) {
		return this.failures.get(middleware);
	}

	/**
	 * As that of a server, has a status before one is set.
	 */
	private static final class ServerResponse extends MockServerHttpResponse {

		/** Not as soon as it is committed, since actions before that may take time. */
		private volatile boolean head;

		@Override
		public HttpStatusCode getStatusCode() {
			HttpStatusCode status = super.getStatusCode();
			return (status != null) ? status : HttpStatus.OK;
		}

		@Override
		protected void applyStatusCode() {
			super.applyStatusCode();
			this.head = true;
		}

	}

}
