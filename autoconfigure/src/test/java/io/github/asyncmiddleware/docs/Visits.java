package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnResponse;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.WebSession;

/**
 * Changes the session right before the head.
 */
@AsyncMiddleware
class Visits {

	@OnResponse
	void count(WebSession session, HttpStatusCode status, HttpHeaders headers) {
		Integer visits = session.getAttributeOrDefault("visits", 0) + 1;
		session.getAttributes().put("visits", visits);
		headers.set("X-Visits", visits + " " + status.value());
	}

}
