package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import org.slf4j.MDC;

import org.springframework.http.HttpHeaders;
import org.springframework.web.server.ServerWebExchange;

/**
 * Looks at the MDC.
 */
@AsyncMiddleware
class Audit {

	@OnRequest // blocks, so it runs on another thread
	void write(ServerWebExchange exchange) {
		exchange.getAttributes().put("audited", String.valueOf(MDC.get("requestId")));
	}

	@OnResponse // in place, also on error pages
	void stamp(ServerWebExchange exchange, HttpHeaders headers) {
		headers.set("X-Audited", exchange.getAttribute("audited") + " " + MDC.get("requestId"));
	}

}
