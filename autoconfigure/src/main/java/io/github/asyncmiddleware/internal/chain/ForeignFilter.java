package io.github.asyncmiddleware.internal.chain;

import org.springframework.web.server.WebFilter;

/**
 * A filter of the chain that is not a middleware: it runs as Spring runs it and is not
 * measured.
 *
 * @param name the name of its bean, or its class
 * @param type the class the user wrote
 * @param order the position among all filters
 * @param filter the filter itself
 */
public record ForeignFilter(String name, Class<?> type, int order, WebFilter filter) implements ChainEntry {

}
