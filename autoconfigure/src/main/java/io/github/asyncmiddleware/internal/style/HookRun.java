package io.github.asyncmiddleware.internal.style;

import java.util.concurrent.Callable;
import java.util.function.Predicate;

import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.response.Upgrade;
import io.github.asyncmiddleware.internal.run.NullResultException;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * Runs one hook method where it has to run, with the context of the request on the
 * thread.
 */
class HookRun {

	private final HookMethod method;

	/** The limit of a blocking method, or {@code null} if it runs in place. */
	private final @Nullable Limit limit;

	private final ThreadLocals threadLocals;

	HookRun(HookMethod method, @Nullable Limit limit, ThreadLocals threadLocals) {
		this.method = method;
		this.limit = limit;
		this.threadLocals = threadLocals;
	}

	HookMethod method() {
		return this.method;
	}

	boolean isOffloaded() {
		return this.limit != null;
	}

	/**
	 * Whether the method is done when {@link #call} returns.
	 */
	boolean isImmediate() {
		return this.limit == null && !this.method.asynchronous() && !this.method.hasDeferredArguments();
	}

	/**
	 * Call a method that is done when it returns.
	 */
	@Nullable Object call(ServerWebExchange exchange, ContextView context) throws Throwable {
		return call(exchange, null, context);
	}

	@SuppressWarnings("try")
	private @Nullable Object call(ServerWebExchange exchange, @Nullable Object @Nullable [] resolved,
			ContextView context) throws Throwable {
		try (ThreadLocals.Scope scope = this.threadLocals.set(SecurityContexts.resolved(context))) {
			return this.method.invoke(exchange, resolved);
		}
	}

	/**
	 * Start the method, whatever it is.
	 * @param exchange the exchange
	 * @param context the context of the subscriber
	 * @param staysOffloaded whether after this value the next middleware can follow on
	 * the thread that the method has blocked
	 * @param step the part of the middleware in the request, or {@code null} where there
	 * is none or it is told of a {@link NullResultException}
	 * @param beginning is told where the method is called later, or {@code null} where
	 * the engine does not run it
	 * @return emits what the method gives, and {@code null} if that is {@code null} where
	 * a publisher is declared
	 */
	@Nullable Mono<?> start(ServerWebExchange exchange, ContextView context, Predicate<? super @Nullable Object> staysOffloaded,
			@Nullable Step step, @Nullable Beginning beginning) throws Throwable {
		boolean deferred = this.method.hasDeferredArguments();
		if (!deferred && this.limit == null && isReady(context)) {
			return callInPlace(exchange, null, context, beginning);
		}
		if (beginning != null) {
			beginning.postponed();
		}
		if (deferred) {
			return this.method.resolve(exchange)
				.flatMap((resolved) -> startLater(exchange, resolved, staysOffloaded, step, beginning));
		}
		return (this.limit != null) ? offload(this.limit, exchange, null, staysOffloaded, beginning)
				: startLater(exchange, null, staysOffloaded, step, beginning);
	}

	/**
	 * Whether a method in place would see the security context. Off the event loop it is
	 * waited for before the method gets a thread.
	 */
	boolean isReady(ContextView context) {
		return this.limit != null || !SecurityContexts.isDeferred(context);
	}

	private @Nullable Mono<?> callInPlace(ServerWebExchange exchange, @Nullable Object @Nullable [] resolved,
			ContextView context, @Nullable Beginning beginning) throws Throwable {
		if (this.method.suspending() && beginning != null) {
			beginning.postponed();
			Mono<?> values = this.method.publisher(call(exchange, resolved, context));
			return (values != null) ? values.doOnSubscribe((subscription) -> beginning.begun()) : null;
		}
		begun(beginning);
		Object result = call(exchange, resolved, context);
		return this.method.asynchronous() ? this.method.publisher(result) : Mono.justOrEmpty(result);
	}

	private Mono<Object> startLater(ServerWebExchange exchange, @Nullable Object @Nullable [] resolved,
			Predicate<? super @Nullable Object> staysOffloaded, @Nullable Step step, @Nullable Beginning beginning) {
		if (this.limit != null) {
			return offload(this.limit, exchange, resolved, staysOffloaded, beginning);
		}
		return SecurityContexts.resolve(
				() -> Mono.deferContextual((context) -> callResolved(exchange, resolved, context, step, beginning)));
	}

	/**
	 * Call the method on the stack of what it has waited for, on which nothing may be
	 * thrown.
	 */
	private Mono<Object> callResolved(ServerWebExchange exchange, @Nullable Object @Nullable [] resolved,
			ContextView context, @Nullable Step step, @Nullable Beginning beginning) {
		try {
			Mono<?> values = callInPlace(exchange, resolved, context, beginning);
			return (values != null) ? values.map((value) -> value) : nullResult(step);
		}
		catch (Throwable ex) {
			return Mono.error(Thrown.toSignal(ex));
		}
	}

	private Mono<Object> nullResult(@Nullable Step step) {
		if (step != null) {
			step.returnedNull();
		}
		return Mono.error(new NullResultException(toString()));
	}

	private Mono<Object> offload(Limit limit, ServerWebExchange exchange, @Nullable Object @Nullable [] resolved,
			Predicate<? super @Nullable Object> staysOffloaded, @Nullable Beginning beginning) {
		Callable<@Nullable Object> work = () -> {
			begun(beginning);
			try {
				return this.method.invoke(exchange, resolved);
			}
			catch (Exception | Error ex) {
				throw ex;
			}
			catch (Throwable ex) {
				throw new IllegalStateException(ex);
			}
		};
		return Upgrade.goOnAtConnection(SecurityContexts.resolve(() -> limit.call(work, staysOffloaded)),
				exchange.getRequest());
	}

	private static void begun(@Nullable Beginning beginning) {
		if (beginning != null) {
			beginning.begun();
		}
	}

	@Override
	public String toString() {
		return this.method.toString();
	}

}
