package io.github.asyncmiddleware.internal.sample;

import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import org.jspecify.annotations.Nullable;

/**
 * Is told the result of each request.
 * <p>
 * Called on whatever thread the request happens to be on, often an event loop: an
 * implementation must not block. What it throws is logged once and otherwise ignored.
 */
public interface RequestListener {

	/**
	 * Called once per request whose head was committed, and never for another. From then
	 * on the times of the request are final.
	 * @param request the request
	 */
	void onHead(RequestRecord request);

	/**
	 * Called exactly once per request, after {@link #onHead} where there is a head.
	 * Results are final.
	 * @param request the request
	 * @param result how it ended
	 */
	void onEnd(RequestRecord request, RequestResult result);

	/**
	 * Called before the first request in which foreign filters are measured that were not
	 * known before, once for each handler that has such filters.
	 * @param filters these filters, in the shape of middlewares
	 */
	default void onMeasured(List<Middleware> filters) {
	}

	/**
	 * Called each time a middleware breaks the rules of a filter.
	 * @param middleware the middleware
	 * @param misuse what it did
	 */
	default void onMisuse(Middleware middleware, Misuse misuse) {
	}

	/**
	 * Called each time a thread that serves other requests too has been blocked, once it
	 * is free again or has been for a minute; on a thread that is not one of these.
	 * @param middleware the middleware that has blocked it, or {@code null} for the rest
	 * of the application
	 * @param nanoseconds for how long, until now
	 */
	default void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
	}

	/**
	 * Called after that, each further minute for which the thread stays blocked, and once
	 * it is free again.
	 * @param middleware the middleware that has blocked it, or {@code null} for the rest
	 * of the application
	 * @param nanoseconds for how long, since the last call
	 */
	default void onBlockedFurther(@Nullable Middleware middleware, long nanoseconds) {
	}

}
