package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;

import org.springframework.web.server.WebFilter;

/**
 * A filter of the chain that is not a middleware. What it does is left to it, whether it
 * is measured or not.
 *
 * @param name the name of its bean, or its class; short where that is a whole class
 * @param type the class the user wrote
 * @param order the position among all filters
 * @param filter the filter itself
 * @param measured the filter in the shape of a middleware, or {@code null} if it runs as
 * Spring runs it and is not measured
 */
public record ForeignFilter(String name, Class<?> type, int order, WebFilter filter,
		@Nullable Middleware measured) implements ChainEntry {

	/**
	 * The attribute of a bean definition that says that the filter is no middleware,
	 * although it has the annotation: a test can lend it one. Among filters of the same
	 * order it stands where it would without.
	 */
	public static final String LENT_ANNOTATION = ForeignFilter.class.getName() + ".lentAnnotation";

	/**
	 * Create a filter that is not measured.
	 * @param name the name of its bean, or its class
	 * @param type the class the user wrote
	 * @param order the position among all filters
	 * @param filter the filter itself
	 */
	public ForeignFilter(String name, Class<?> type, int order, WebFilter filter) {
		this(name, type, order, filter, null);
	}

	/**
	 * The same filter under another name.
	 * @param name the name
	 * @return the filter, which is not measured yet
	 */
	public ForeignFilter withName(String name) {
		return name.equals(this.name) ? this : new ForeignFilter(name, this.type, this.order, this.filter);
	}

}
