package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.style.HookCompiler;

import org.springframework.core.ResolvableType;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.server.WebFilter;

/**
 * Tells in which style a bean is written, and refuses what is in none or in two.
 */
final class MiddlewareStyles {

	private static final String A_FILTER = "a WebFilter";

	private static final String A_FUNCTION = "a HandlerFilterFunction";

	private static final String WITH_HOOKS = "a bean with @OnRequest or @OnResponse methods";

	private MiddlewareStyles() {
	}

	/**
	 * The style of a bean.
	 * @param beanName the name of the bean
	 * @param source where the user finds it
	 * @param type its class
	 * @param resolvableType its class with type arguments
	 * @return the style
	 * @throws InvalidMiddlewareException if it is not in exactly one
	 */
	static Style styleOf(String beanName, String source, Class<?> type, ResolvableType resolvableType) {
		List<Style> styles = new ArrayList<>();
		List<String> names = new ArrayList<>();
		if (WebFilter.class.isAssignableFrom(type)) {
			styles.add(Style.NATIVE);
			names.add(A_FILTER);
		}
		if (HandlerFilterFunction.class.isAssignableFrom(type)) {
			styles.add(Style.AWAIT);
			names.add(A_FUNCTION);
		}
		if (HookCompiler.hasHooks(type)) {
			styles.add(Style.HOOKS);
			names.add(WITH_HOOKS);
		}
		if (styles.isEmpty()) {
			throw new InvalidMiddlewareException(
					"The bean '%s' (%s) is annotated with @AsyncMiddleware, but it is neither %s nor %s nor %s."
						.formatted(beanName, source, A_FILTER, A_FUNCTION, WITH_HOOKS),
					"Let it implement %s or %s<LiveResponse, ServerResponse>, or annotate a method; on a @Bean method, declare a return type that shows it. Otherwise remove the annotation."
						.formatted(WebFilter.class.getName(), HandlerFilterFunction.class.getName()));
		}
		if (styles.size() > 1) {
			throw new InvalidMiddlewareException("The bean '%s' (%s) is a middleware in two styles: it is %s."
				.formatted(beanName, source, String.join(" and ", names)), "Keep one of them, or make a bean of each.");
		}
		if (styles.get(0) == Style.AWAIT) {
			checkResponseType(beanName, source, resolvableType);
		}
		return styles.get(0);
	}

	private static void checkResponseType(String beanName, String source, ResolvableType type) {
		ResolvableType awaited = type.as(HandlerFilterFunction.class).getGeneric(0);
		Class<?> resolved = awaited.resolve();
		if (resolved != null && !resolved.isAssignableFrom(LiveResponse.class)) {
			throw new InvalidMiddlewareException(
					"The middleware '%s' (%s) awaits responses of type %s, but the response of the rest of the chain is a LiveResponse."
						.formatted(beanName, source, resolved.getSimpleName()),
					"Let it implement HandlerFilterFunction<LiveResponse, ServerResponse>.");
		}
	}

	/**
	 * Refuse a middleware that cannot be at work at the same time as others.
	 * @param definition the definition
	 * @param type the class of the bean
	 * @throws InvalidMiddlewareException if it is concurrent and cannot be
	 */
	static void checkConcurrent(MiddlewareDefinition definition, Class<?> type) {
		if (definition.concurrent() && (definition.style() != Style.HOOKS || !HookCompiler.hasRequestHook(type))) {
			throw new InvalidMiddlewareException(
					"The %s is concurrent, but it %s, so it has to wait for its turn.".formatted(definition.describe(),
							(definition.style() == Style.HOOKS) ? "has no @OnRequest method"
									: "wraps the rest of the chain"),
					"Remove 'concurrent', or do the work in an @OnRequest method that returns nothing or an answer.");
		}
	}

}
