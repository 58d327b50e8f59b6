package io.github.asyncmiddleware.internal.style;

import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.guard.LogNames;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * Runs a hook method right before the head of the response.
 */
final class ResponseHookRun extends HookRun implements ResponseHook {

	private static final Log logger = LogFactory.getLog(LogNames.FAILURE);

	private static final AtomicInteger NUMBERS = new AtomicInteger();

	/** The attribute that says that an exchange has registered it. */
	private final String registered = ResponseHookRun.class.getName() + "." + NUMBERS.incrementAndGet();

	ResponseHookRun(HookMethod method, @Nullable Limit limit, ThreadLocals threadLocals) {
		super(method, limit, threadLocals);
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
		exchange.getResponse().beforeCommit(() -> Mono.deferContextual((context) -> {
			try {
				Mono<Void> work = onResponse(exchange, context);
				return (work != null) ? work.onErrorResume(this::failed) : Mono.empty();
			}
			catch (VirtualMachineError ex) {
				throw ex;
			}
			catch (Throwable ex) {
				return failed(ex);
			}
		}));
	}

	private Mono<Void> failed(Throwable ex) {
		logger.warn(this + " failed, and the response goes out without what it would have done", ex);
		return Mono.empty();
	}

}
