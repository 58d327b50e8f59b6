package io.github.asyncmiddleware.internal.chain;

import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * What a middleware does before the rest of the chain, where that neither is handed to it
 * nor changed by it; so it can be done while others do theirs.
 */
@FunctionalInterface
public interface RequestWork {

	/**
	 * Begin the work.
	 * @param exchange the exchange
	 * @param context the context of the subscriber that waits
	 * @param beginning is told when the code is called, and where that is later
	 * @return what to wait for: empty to go on, or what answers instead of the rest of
	 * the chain
	 */
	Mono<WebHandler> begin(ServerWebExchange exchange, ContextView context, Beginning beginning);

}
