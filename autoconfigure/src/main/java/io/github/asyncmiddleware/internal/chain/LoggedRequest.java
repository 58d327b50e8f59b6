package io.github.asyncmiddleware.internal.chain;

import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * The request that a line of the log is about.
 *
 * @param exchange the exchange as the middleware sees it, for the prefix of the line
 * @param context the context that the middleware was entered with, for what the log takes
 * from thread-locals
 */
public record LoggedRequest(ServerWebExchange exchange, ContextView context) {

}
