package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.LiveResponse;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * The response as the middlewares see it that it is shown to: looks at the response
 * itself.
 */
public final class AwaitedResponse implements LiveResponse {

	private final ServerHttpResponse response;

	private final ResponseCommit commit;

	/** The request that is shared, and the exchange that it is made of. */
	private @Nullable ServerRequest request;

	private @Nullable ServerWebExchange requestExchange;

	AwaitedResponse(ServerHttpResponse response, ResponseCommit commit) {
		this.response = response;
		this.commit = commit;
	}

	/**
	 * The request that middlewares share which await its response.
	 * @param exchange the exchange as the first of them sees it
	 * @return what was kept for that exchange, or {@code null}
	 */
	public @Nullable ServerRequest request(ServerWebExchange exchange) {
		return (this.requestExchange == exchange) ? this.request : null;
	}

	/**
	 * Keep a request for those further in that see the same exchange, or one that
	 * decorates it.
	 * @param request the request
	 * @param exchange the exchange that it is made of
	 */
	public void keep(ServerRequest request, ServerWebExchange exchange) {
		this.request = request;
		this.requestExchange = exchange;
	}

	@Override
	public HttpStatusCode statusCode() {
		return this.commit.status().code();
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
	 * Cannot be written to an exchange: its writer writes it to its own.
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
