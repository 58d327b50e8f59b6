package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.style.HookCompiler;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.core.ResolvableType;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.server.WebFilter;

/**
 * Tells in which style a bean is written, and refuses what is in none or in two.
 */
final class MiddlewareStyles {

	private static final Log logger = LogFactory.getLog(MiddlewareStyles.class);

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
	 * Refuse a bean that turns out to be in another style as well, which its definition
	 * did not show: that one would never run.
	 * @param definition the definition
	 * @param type the class of the bean
	 * @throws InvalidMiddlewareException if it is in two styles
	 */
	static void checkBean(MiddlewareDefinition definition, Class<?> type) {
		styleOf(definition.name(), type.getName(), type, ResolvableType.forClass(type));
	}

	/**
	 * Whether a class has hook methods. It may have methods that need classes which are
	 * not there, as long as they are not called.
	 * @param type the class
	 * @return whether it has some
	 */
	static boolean hasHooks(Class<?> type) {
		try {
			return HookCompiler.hasHooks(type);
		}
		catch (IllegalStateException | LinkageError ex) {
			logger.debug("The methods of " + type.getName() + " cannot be looked at", ex);
			return false;
		}
	}

	/**
	 * Nothing calls the hook methods of a bean that is no middleware.
	 * @param beanName the name of the bean
	 * @param source where the user finds it
	 * @return the exception
	 */
	static InvalidMiddlewareException notAnnotated(String beanName, String source) {
		return new InvalidMiddlewareException(
				"The bean '%s' (%s) has @OnRequest or @OnResponse methods, but is not annotated with @AsyncMiddleware, so they never run."
					.formatted(beanName, source),
				"Annotate the class or its @Bean method with @AsyncMiddleware, or remove the annotations from the methods.");
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
