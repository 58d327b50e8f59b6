package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnResponse;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;

/**
 * Sets a header on every response, whichever part has made it: also on a 404 and on an
 * error page.
 */
@AsyncMiddleware(after = RequestId.class)
class FinalStatus {

	@OnResponse
	void stamp(HttpStatusCode status, HttpHeaders headers) {
		headers.set("X-Final-Status", Integer.toString(status.value()));
	}

}
