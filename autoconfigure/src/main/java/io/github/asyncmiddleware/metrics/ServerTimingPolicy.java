package io.github.asyncmiddleware.metrics;

import org.springframework.web.server.ServerWebExchange;

/**
 * Decides for each request what its response tells in the header {@code Server-Timing}. A
 * bean of this type stands in for the property {@code async-middleware.server-timing}.
 */
@FunctionalInterface
public interface ServerTimingPolicy {

	/**
	 * Decide about one response. Called at most once per request, when everything else of
	 * its head is settled, on the thread that the response is on, which must not be
	 * blocked. Not called where there is no header anyway: for a 304, a connection that
	 * goes to another protocol, and a request that no middleware was entered for. If it
	 * throws, the response goes out without the header; that is logged once.
	 * @param exchange the exchange as the first filter saw it; attributes of the request
	 * that filters have set are there
	 * @return what the response tells
	 */
	Detail detail(ServerWebExchange exchange);

	/**
	 * What a response can tell.
	 */
	enum Detail {

		/**
		 * Nothing.
		 */
		OFF,

		/**
		 * The time to first byte of the first middleware.
		 */
		TOTAL,

		/**
		 * The own time of each middleware, too.
		 */
		DETAILED

	}

}
