package io.github.asyncmiddleware.internal.record;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.web.server.ServerWebExchange;

/**
 * Names what a request asked for without a word of the client: by the pattern of the
 * mapping, as the tag {@code uri} of {@code http.server.requests} has it.
 */
public final class RequestUri {

	private static final String UNKNOWN = "UNKNOWN";

	private RequestUri() {
	}

	/**
	 * The name for a request.
	 * @param exchange the exchange, or {@code null} if there is none
	 * @param status the status of the head, or 0 without one
	 * @return the pattern, or why there is none
	 */
	public static String of(@Nullable ServerWebExchange exchange, int status) {
		String pattern = pattern(exchange);
		if (pattern != null) {
			return pattern.isEmpty() ? "root" : pattern;
		}
		if (Outcome.of(status) == Outcome.REDIRECTION) {
			return "REDIRECTION";
		}
		return (status == 404) ? "NOT_FOUND" : UNKNOWN;
	}

	private static @Nullable String pattern(@Nullable ServerWebExchange exchange) {
		Object context = (exchange != null)
				? exchange.getAttribute(ServerRequestObservationContext.CURRENT_OBSERVATION_CONTEXT_ATTRIBUTE) : null;
		return (context instanceof ServerRequestObservationContext current) ? current.getPathPattern() : null;
	}

}
