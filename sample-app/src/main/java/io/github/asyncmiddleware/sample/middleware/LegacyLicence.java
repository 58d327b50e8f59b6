package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.LicenceClient;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.RequestHeader;

/**
 * Calls a client that blocks. A plain method may do that: it does not run on an event
 * loop, as the header with the name of its thread shows.
 */
@AsyncMiddleware(path = "/products/**")
class LegacyLicence {

	private final LicenceClient licences;

	LegacyLicence(LicenceClient licences) {
		this.licences = licences;
	}

	@OnRequest
	void check(@RequestHeader("X-Tenant") String tenant, ServerHttpResponse response) {
		HttpHeaders headers = response.getHeaders();
		headers.set("X-Licence", this.licences.find(tenant).plan());
		headers.set("X-Licence-Thread", Thread.currentThread().getName());
	}

}
