package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Modifier;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.style.HookCompiler;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.server.WebFilter;

/**
 * Finds classes in {@code before} and {@code after} that no filter can have. The class of
 * a filter that is absent is none of them: that is how optional filters are named.
 */
final class RelatedFilters {

	private static final Log logger = LogFactory.getLog(RelatedFilters.class);

	private final ListableBeanFactory beanFactory;

	private final List<ChainEntry> chain;

	/**
	 * Create an instance.
	 * @param beanFactory has the beans that may be taken for filters
	 * @param chain all filters
	 */
	RelatedFilters(ListableBeanFactory beanFactory, List<ChainEntry> chain) {
		this.beanFactory = beanFactory;
		this.chain = chain;
	}

	/**
	 * Check the relations of a middleware.
	 * @param definition its definition
	 * @throws InvalidMiddlewareException if it stands next to what is no filter
	 */
	void check(MiddlewareDefinition definition) {
		definition.before().forEach((type) -> check(definition, "before", type));
		definition.after().forEach((type) -> check(definition, "after", type));
	}

	private void check(MiddlewareDefinition definition, String attribute, Class<?> type) {
		String relation = "The '%s' of the %s names ".formatted(attribute, definition.describe());
		if (type == definition.type() && this.chain.stream()
			.noneMatch((entry) -> !entry.name().equals(definition.name()) && isOf(entry, type))) {
			logger.warn(relation + "its own class, which has no effect. Remove it.");
		}
		if (isFilter(type) || this.chain.stream().anyMatch((entry) -> isOf(entry, type))) {
			return;
		}
		String[] beans = BeanFactoryUtils.beanNamesForTypeIncludingAncestors(this.beanFactory, type, true, false);
		String action = "Name the class of a filter or of another middleware, or remove it. The filter of Spring Security is org.springframework.security.web.server.WebFilterChainProxy.";
		if (beans.length > 0 || cannotBeExtended(type)) {
			throw new InvalidMiddlewareException(
					relation + type.getName() + ((beans.length > 0) ? ", the class of the bean '" + beans[0] + "'" : "")
							+ ", which is no filter.",
					action);
		}
		logger.warn(relation + type.getName() + ", which has no effect: it is not the class of a filter. " + action);
	}

	private static boolean isOf(ChainEntry entry, Class<?> type) {
		return type.isAssignableFrom(entry.type()) || type.isInstance(entry.filter());
	}

	private static boolean isFilter(Class<?> type) {
		return WebFilter.class.isAssignableFrom(type) || HandlerFilterFunction.class.isAssignableFrom(type)
				|| MiddlewareAnnotations.of(type).isPresent() || HookCompiler.hasHooks(type);
	}

	private static boolean cannotBeExtended(Class<?> type) {
		return Modifier.isFinal(type.getModifiers()) || type.isAnnotation();
	}

}
