package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;

import org.springframework.web.server.WebFilter;

/**
 * What a middleware does, whatever the style it is written in.
 *
 * @param style the style
 * @param runsOn where the part before the rest of the chain runs
 * @param filter what runs
 * @param concurrent the same as work that can be done while others do theirs, or
 * {@code null} if it has to wait for its turn
 * @param onResponse what it does before the head, or {@code null} if nothing. The filter
 * does it itself where it is not run by the engine
 */
public record MiddlewareCode(Style style, RunsOn runsOn, WebFilter filter, @Nullable RequestWork concurrent,
		@Nullable ResponseHook onResponse) {

	/**
	 * The code of a middleware that is a filter.
	 * @param filter the filter
	 * @return its code
	 */
	public static MiddlewareCode of(WebFilter filter) {
		return new MiddlewareCode(Style.NATIVE, RunsOn.EVENT_LOOP, filter, null, null);
	}

	/**
	 * The code of a foreign filter that is measured.
	 * @param filter the filter
	 * @return its code
	 */
	public static MiddlewareCode ofForeign(WebFilter filter) {
		return new MiddlewareCode(Style.FOREIGN, RunsOn.EVENT_LOOP, filter, null, null);
	}

}
