package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;

import org.springframework.web.server.WebFilter;

/**
 * One filter in the chain of the application.
 */
public sealed interface ChainEntry permits Middleware, ForeignFilter, DisabledMiddleware {

	/**
	 * The name of the bean, or of the class for a filter that is not a bean.
	 * @return the name
	 */
	String name();

	/**
	 * The class the user wrote.
	 * @return the class, without proxies
	 */
	Class<?> type();

	/**
	 * The position among all filters, lowest first.
	 * @return the order
	 */
	int order();

	/**
	 * What the engine runs and measures.
	 * @return the middleware, or {@code null} for a filter that Spring runs
	 */
	@Nullable Middleware measured();

	/**
	 * The filter itself.
	 * @return the filter
	 */
	WebFilter filter();

}
