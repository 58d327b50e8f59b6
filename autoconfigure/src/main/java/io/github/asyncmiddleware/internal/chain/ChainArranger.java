package io.github.asyncmiddleware.internal.chain;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationContext;
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

}
