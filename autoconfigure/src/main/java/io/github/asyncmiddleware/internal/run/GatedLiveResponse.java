package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.util.MultiValueMap;
import org.springframework.web.server.ServerWebExchange;

/**
 * {@link LiveResponse} that looks at the response itself.
 */
final class GatedLiveResponse implements LiveResponse {

	private final ServerHttpResponse response;

	private final ResponseGate gate;

	GatedLiveResponse(ServerHttpResponse response, ResponseGate gate) {
		this.response = response;
		this.gate = gate;
	}

	@Override
	public HttpStatusCode statusCode() {
		return this.gate.statusCode();
	}

	@Override
	public void setStatusCode(HttpStatusCode status) {
		Assert.notNull(status, "'status' must not be null");
		if (!this.response.setStatusCode(status)) {
			throw new IllegalStateException("The response is on its way, and its status cannot be changed any more");
		}
	}

	@Override
	public HttpHeaders headers() {
		return this.response.getHeaders();
	}

	@Override
	public MultiValueMap<String, ResponseCookie> cookies() {
		return this.response.getCookies();
	}

	/**
	 * Cannot be written to an exchange: it is written to its own by those who have made
	 * it.
	 */
	@Override
	public Mono<Void> writeTo(ServerWebExchange exchange, Context context) {
		return Mono.error(new IllegalStateException("A live response is sent by returning it from the middleware"));
	}

	@Override
	public String toString() {
		return "LiveResponse " + statusCode();
	}

}
