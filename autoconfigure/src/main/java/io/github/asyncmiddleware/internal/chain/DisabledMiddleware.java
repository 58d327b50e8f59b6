package io.github.asyncmiddleware.internal.chain;

import java.time.Duration;

import io.github.asyncmiddleware.OnFailure;
import org.jspecify.annotations.Nullable;

import org.springframework.web.server.WebFilter;

/**
 * A middleware that a property has switched off, as its definition describes it. It is
 * shown where it would stand, and never run.
 *
 * @param name the name of its bean
 * @param type the class the user wrote, as far as the definition of the bean shows it
 * @param style how it is written
 * @param order the position it would have among all filters
 * @param scope the requests it would run for
 * @param concurrent whether it might be at work at the same time as its neighbours
 * @param onFailure what would happen to a request when it failed
 * @param timeout how much time it would have for itself in one request, or {@code null}
 * for as much as it takes
 */
public record DisabledMiddleware(String name, Class<?> type, Style style, int order, MiddlewareScope scope,
		boolean concurrent, OnFailure onFailure, @Nullable Duration timeout) implements ChainEntry {

	/**
	 * A filter that only passes on.
	 * @return the filter
	 */
	@Override
	public @Nullable Middleware measured() {
		return null;
	}

	@Override
	public WebFilter filter() {
		return (exchange, chain) -> chain.filter(exchange);
	}

}
