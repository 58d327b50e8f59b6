package io.github.asyncmiddleware.test;

import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.util.Assert;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.server.ServerWebExchange;

/**
 * A {@link LiveResponse} to hand to a middleware that is called directly, in place of one
 * that the engine makes:
 *
 * <pre class="code">
 * MockLiveResponse response = MockLiveResponse.of(HttpStatus.OK);
 * new StatusHeader().filter(request, response.next()).block();
 * assertThat(response.headers().getFirst("X-Status")).isEqualTo("OK");
 * </pre>
 *
 * Has no body, and cannot be written.
 */
public final class MockLiveResponse implements LiveResponse {

	private final HttpHeaders headers = new HttpHeaders();

	private final MultiValueMap<String, ResponseCookie> cookies = new LinkedMultiValueMap<>();

	private HttpStatusCode status;

	private MockLiveResponse(HttpStatusCode status) {
		this.status = status;
	}

	/**
	 * Create a response.
	 * @param status its status
	 * @return the response, without headers and cookies
	 */
	public static MockLiveResponse of(HttpStatusCode status) {
		Assert.notNull(status, "'status' must not be null");
		return new MockLiveResponse(status);
	}

	/**
	 * Create a response with the status 200.
	 * @return the response, without headers and cookies
	 */
	public static MockLiveResponse ok() {
		return of(HttpStatus.OK);
	}

	/**
	 * Add a header.
	 * @param name its name
	 * @param values its values
	 * @return this response
	 */
	public MockLiveResponse header(String name, String... values) {
		for (String value : values) {
			this.headers.add(name, value);
		}
		return this;
	}

	/**
	 * Add a cookie.
	 * @param cookie the cookie
	 * @return this response
	 */
	public MockLiveResponse cookie(ResponseCookie cookie) {
		this.cookies.add(cookie.getName(), cookie);
		return this;
	}

	/**
	 * The rest of the chain, as a middleware is given it, which emits this response. For
	 * one that declares {@code ServerResponse} in place of {@code LiveResponse}, pass
	 * {@code (request) -> Mono.just(response)}.
	 * @return what to give as {@code next}
	 */
	public HandlerFunction<LiveResponse> next() {
		return (request) -> Mono.just(this);
	}

	@Override
	public HttpStatusCode statusCode() {
		return this.status;
	}

	@Override
	public void setStatusCode(HttpStatusCode status) {
		Assert.notNull(status, "'status' must not be null");
		this.status = status;
	}

	@Override
	public HttpHeaders headers() {
		return this.headers;
	}

	@Override
	public MultiValueMap<String, ResponseCookie> cookies() {
		return this.cookies;
	}

	@Override
	public Mono<Void> writeTo(ServerWebExchange exchange, Context context) {
		return Mono.error(new IllegalStateException("A live response is sent by returning it from the middleware"));
	}

	@Override
	public String toString() {
		return "MockLiveResponse " + this.status;
	}

}
