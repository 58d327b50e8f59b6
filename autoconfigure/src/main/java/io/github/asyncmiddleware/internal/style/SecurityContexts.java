package io.github.asyncmiddleware.internal.style;

import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.guard.LogNames;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.Fuseable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.util.ClassUtils;

/**
 * Puts the security context where Spring Security takes it from for a thread.
 * <p>
 * In a reactive application it is in the Reactor context, as a publisher and under a key
 * that is a class; the accessor of Spring Security for the thread-local looks for the
 * value itself, under the name of that class.
 */
final class SecurityContexts {

	private static final Log logger = LogFactory.getLog(LogNames.FAILURE);

	private static final String NAME = "org.springframework.security.core.context.SecurityContext";

	private static final @Nullable Class<?> KEY = find(NAME);

	private static final @Nullable Class<?> REFUSED = find("org.springframework.security.core.AuthenticationException");

	private SecurityContexts() {
	}

	private static @Nullable Class<?> find(String name) {
		ClassLoader classLoader = SecurityContexts.class.getClassLoader();
		return ClassUtils.isPresent(name, classLoader) ? ClassUtils.resolveClassName(name, classLoader) : null;
	}

	/**
	 * The context with the security context in it, if that is known without waiting.
	 * @param context the context of a request
	 * @return the same if there is nothing to put in
	 */
	static ContextView resolved(ContextView context) {
		Object value = known(context);
		return (value != null) ? Context.of(context).put(NAME, value) : context;
	}

	/**
	 * Whether there is a security context that has to be waited for, as one from a
	 * session.
	 * @param context the context of a request
	 * @return whether {@link #resolved} could not put it in
	 */
	static boolean isDeferred(ContextView context) {
		return KEY != null && context.getOrDefault(KEY, null) instanceof Mono<?> mono
				&& !(mono instanceof Fuseable.ScalarCallable) && !context.hasKey(NAME);
	}

	/**
	 * Wait for the security context, if there is one, before something else. If nobody
	 * can be authenticated, it is not there: a hook that needs the user has an argument
	 * for it, which fails then, as that of a controller. Any other failure is one of the
	 * hook.
	 * @param next what comes then
	 * @param <T> the type of its result
	 * @return subscribes to the other with the security context in its context
	 */
	static <T> Mono<T> resolve(Supplier<Mono<T>> next) {
		if (KEY == null) {
			return next.get();
		}
		return Mono.deferContextual((context) -> {
			if (!(context.getOrDefault(KEY, null) instanceof Mono<?> mono)) {
				return next.get();
			}
			Object known = known(context);
			return (known != null) ? with(known, next)
					: mono.map((value) -> with(value, next))
						.onErrorResume(SecurityContexts::isRefused, SecurityContexts::absent)
						.defaultIfEmpty(Mono.defer(next))
						.flatMap((result) -> result);
		});
	}

	private static boolean isRefused(Throwable ex) {
		return REFUSED != null && REFUSED.isInstance(ex);
	}

	private static <T> Mono<T> absent(Throwable ex) {
		logger.debug("The security context could not be loaded, and a hook goes on without it", ex);
		return Mono.empty();
	}

	private static <T> Mono<T> with(Object value, Supplier<Mono<T>> next) {
		return Mono.defer(next).contextWrite((context) -> context.put(NAME, value));
	}

	private static @Nullable Object known(ContextView context) {
		if (KEY == null || !(context.getOrDefault(KEY, null) instanceof Fuseable.ScalarCallable<?> scalar)) {
			return null;
		}
		try {
			return scalar.call();
		}
		catch (Exception ex) {
			return null;
		}
	}

}
