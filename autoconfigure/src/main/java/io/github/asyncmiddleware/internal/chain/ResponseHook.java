package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * What a middleware does right before the head of a response goes to the server.
 */
public interface ResponseHook {

	/**
	 * Whether the work is done when {@link #onResponse} returns.
	 * @return {@code false} if there can be something to wait for
	 */
	boolean isSynchronous();

	/**
	 * Whether the work may block, so that it is left out where too much of that goes on.
	 * @return {@code false} if it runs on the thread that the response is on
	 */
	default boolean mayBlock() {
		return false;
	}

	/**
	 * Do the work. What it throws or signals is counted and logged, and does not reach
	 * the response. Called on the thread that the response is on.
	 * @param exchange the exchange as the middleware has seen it, through which no answer
	 * can be changed that follows this one
	 * @param context the context of the subscriber that waits for the response
	 * @return what the head has to wait for, or {@code null} if nothing
	 * @throws Throwable whatever the code of the middleware throws
	 */
	@Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) throws Throwable;

}
