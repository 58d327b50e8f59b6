package io.github.asyncmiddleware.internal.style;

import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * Runs a hook method right before the head of the response.
 */
final class ResponseHookRun extends HookRun implements ResponseHook {

	private static final AtomicInteger NUMBERS = new AtomicInteger();

	/** The attribute that says that an exchange has registered it. */
	private final String registered = ResponseHookRun.class.getName() + "." + NUMBERS.incrementAndGet();

	private final String middleware;

	private final FailureLog failures;

	/**
	 * Create a run.
	 * @param method the method
	 * @param limit the limit of a blocking method, or {@code null} if it runs in place
	 * @param threadLocals puts the context of the request on the thread
	 * @param middleware the middleware that it is of, for people
	 * @param failures is told of failures where no engine is
	 */
	ResponseHookRun(HookMethod method, @Nullable Limit limit, ThreadLocals threadLocals, String middleware,
			FailureLog failures) {
		super(method, limit, threadLocals);
		this.middleware = middleware;
		this.failures = failures;
	}

	@Override
	public boolean isSynchronous() {
		return isImmediate();
	}

	/**
	 * There is something to wait for although the method is synchronous if it could not
	 * see the security context yet.
	 */
	private boolean mayWait(ContextView context) {
		return !isImmediate() || !isReady(context);
	}

	@Override
	public boolean mayBlock() {
		return isOffloaded();
	}

	@Override
	public @Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) throws Throwable {
		if (!mayWait(context)) {
			call(exchange, context);
			return null;
		}
		Mono<?> values = start(exchange, context, (value) -> false, null, null);
		return (values != null) ? values.then() : null;
	}

	/**
	 * Let the response itself run the method, where no engine does, once the code of the
	 * middleware was called.
	 */
	Beginning registeredOnBeginning(ServerWebExchange exchange) {
		return new Beginning() {

			@Override
			public void postponed() {
				// Registered later, or never
			}

			@Override
			public void begun() {
				register(exchange);
			}

		};
	}

	/**
	 * Once for each exchange, which can pass by again.
	 */
	private void register(ServerWebExchange exchange) {
		if (exchange.getAttributes().putIfAbsent(this.registered, true) != null) {
			return;
		}
		exchange.getResponse().beforeCommit(() -> Mono.deferContextual((context) -> onCommit(exchange, context)));
	}

	private Mono<Void> onCommit(ServerWebExchange exchange, ContextView context) {
		LoggedRequest request = new LoggedRequest(exchange, context);
		try {
			Mono<Void> work = onResponse(exchange, context);
			return (work != null) ? work.onErrorResume((ex) -> failed(ex, request)) : Mono.empty();
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			return failed(ex, request);
		}
	}

	private Mono<Void> failed(Throwable ex, LoggedRequest request) {
		this.failures.responseHookFailed(this.middleware, ex, request);
		return Mono.empty();
	}

}
