package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.core.MethodParameter;
import org.springframework.web.server.ServerWebExchange;

/**
 * One hook method of one bean, compiled at start-up so that a request has nothing to look
 * up: where the arguments come from and how the method is called is decided.
 * <p>
 * Has no state, and can be called from any thread.
 */
final class HookMethod {

	private static final Object NOTHING = new Object();

	private final String place;

	private final HookReturn result;

	private final boolean blocking;

	private final List<Argument.Deferred> deferredArguments;

	private final MethodHandle call;

	/**
	 * Create a hook method.
	 * @param place where people find the method
	 * @param result what its return type says
	 * @param blocking whether the annotation says that it may block
	 * @param arguments where its arguments come from
	 * @param call calls it, see {@link HookCall}
	 */
	HookMethod(String place, HookReturn result, boolean blocking, List<Argument> arguments, MethodHandle call) {
		this.place = place;
		this.result = result;
		this.blocking = blocking;
		this.deferredArguments = arguments.stream()
			.filter(Argument.Deferred.class::isInstance)
			.map(Argument.Deferred.class::cast)
			.toList();
		this.call = call;
	}

	/**
	 * Whether the declared return type is asynchronous, so that what is returned is for
	 * {@link #publisher}.
	 */
	boolean asynchronous() {
		return this.result.isAsynchronous();
	}

	/**
	 * Whether the code of the method is called when the publisher is subscribed to, and
	 * not before.
	 */
	boolean suspending() {
		return this.result.isSuspending();
	}

	/**
	 * Whether the method is there to replace the request.
	 */
	boolean replacesRequest() {
		return this.result.isRequest();
	}

	/**
	 * Whether the method must not run on an event loop.
	 */
	boolean blocking() {
		return this.blocking && !asynchronous();
	}

	/**
	 * Whether {@link #resolve} has to come before {@link #invoke}.
	 */
	boolean hasDeferredArguments() {
		return !this.deferredArguments.isEmpty();
	}

	/**
	 * Resolve those arguments that have to be waited for.
	 * @param exchange the exchange
	 * @return emits their values, once for each subscription; whatever is thrown is
	 * signalled
	 */
	Mono<@Nullable Object[]> resolve(ServerWebExchange exchange) {
		List<Mono<Object>> values = this.deferredArguments.stream()
			.map((argument) -> value(argument, exchange))
			.toList();
		return Mono.zip(values, HookMethod::withNulls);
	}

	/**
	 * Call the method.
	 * @param exchange the exchange
	 * @param resolved what {@link #resolve} has emitted, or {@code null} if there are no
	 * deferred arguments
	 * @return what the method returns
	 * @throws Throwable what the method throws, or what an argument is refused with
	 */
	@Nullable Object invoke(ServerWebExchange exchange, @Nullable Object @Nullable [] resolved) throws Throwable {
		return this.call.invokeExact(exchange, resolved);
	}

	/**
	 * Turn what an {@linkplain #asynchronous() asynchronous} method has returned into a
	 * {@link Mono}. Cancelling that also cancels a {@code CompletableFuture}.
	 * @param returned what it has returned
	 * @return emits at most one value, and fails if there are more; {@code null} if the
	 * method has returned {@code null}
	 */
	@Nullable Mono<?> publisher(@Nullable Object returned) {
		return this.result.publisher(returned);
	}

	/**
	 * The failure of a request for which the method has returned what it must not.
	 * @param what what that is
	 * @return names the method and its middleware
	 */
	IllegalStateException badReturn(String what) {
		return this.result.bad(what);
	}

	/**
	 * The declared return type.
	 */
	MethodParameter returnType() {
		return this.result.parameter();
	}

	@Override
	public String toString() {
		return this.place;
	}

	private static Mono<Object> value(Argument.Deferred argument, ServerWebExchange exchange) {
		try {
			return argument.of(exchange).defaultIfEmpty(NOTHING);
		}
		catch (Exception ex) {
			return Mono.error(ex);
		}
	}

	private static @Nullable Object[] withNulls(Object[] values) {
		return Arrays.stream(values).map((value) -> (value != NOTHING) ? value : null).toArray();
	}

}
