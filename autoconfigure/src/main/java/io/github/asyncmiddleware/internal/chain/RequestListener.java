package io.github.asyncmiddleware.internal.chain;

/**
 * Is told what became of each request.
 * <p>
 * Called on whatever thread the request happens to be on, often an event loop: an
 * implementation must not block. What it throws is logged once and otherwise ignored.
 */
public interface RequestListener {

	/**
	 * Called once per request whose head was committed, and never for another. From then
	 * on the times of the timeline are final.
	 * @param request the request
	 */
	void onHead(RequestTimeline request);

	/**
	 * Called exactly once per request, after {@link #onHead} where there is a head.
	 * Results are final.
	 * @param request the request
	 * @param result how it ended
	 */
	void onEnd(RequestTimeline request, RequestResult result);

	/**
	 * Called each time a middleware breaks the rules of a filter.
	 * @param middleware the middleware
	 * @param misuse what it did
	 */
	default void onMisuse(Middleware middleware, Misuse misuse) {
	}

}
