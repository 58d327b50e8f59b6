package io.github.asyncmiddleware.internal.chain;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationContext;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.server.WebFilter;

/**
 * Puts the filters of an application in order and tells middlewares from foreign ones.
 */
@FunctionalInterface
public interface ChainArranger {

	/**
	 * Arrange a chain. Called once for each handler that is built.
	 * @param filters the filters as Spring has ordered them
	 * @param context the context the handler is built for, which can be a child of the
	 * one that holds the middlewares, or {@code null} if it is not known
	 * @return the chain, outermost first; disabled middlewares are not in it
	 */
	List<ChainEntry> arrange(List<WebFilter> filters, @Nullable ApplicationContext context);

	/**
	 * Called in place of {@link #arrange} with a handler that does not show its filters.
	 * Returns only if there is no middleware that could be lost: the handler stays as it
	 * is then. What this throws fails the start of the application.
	 * @param handler the handler
	 */
	default void cannotArrange(HttpHandler handler) {
		throw new IllegalStateException("The filters of a " + handler.getClass().getName() + " are not known");
	}

}
