package io.github.asyncmiddleware.test;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.github.asyncmiddleware.internal.record.RequestResult;
import org.assertj.core.api.AssertProvider;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.util.MultiValueMap;

/**
 * What came of one request: the response as the client gets it, and the part of each
 * middleware. For {@code assertThat} of AssertJ:
 *
 * <pre class="code">
 * assertThat(tester.exchange(get("/orders"))).passed().hasStatus(200).hasHeader("X-User", "ann");
 * </pre>
 */
public final class MiddlewareTestResult implements AssertProvider<MiddlewareTestResultAssert> {

	private final TestedExchange exchange;

	private final Map<String, MiddlewarePart> parts;

	MiddlewareTestResult(TestedExchange exchange, Map<String, MiddlewarePart> parts) {
		this.exchange = exchange;
		this.parts = parts;
	}

	/**
	 * Whether a response was sent.
	 * @return {@code false} if the request has ended before the head
	 */
	boolean hasResponse() {
		return this.exchange.hasHead();
	}

	/**
	 * Whether there is less of the body than there was to be.
	 */
	boolean isCut() {
		return this.exchange.isCut();
	}

	/**
	 * How many bytes the response says that its body has.
	 * @return the bytes, or -1 if it does not say it or is one without a body
	 */
	long declaredLength() {
		boolean bodiless = HttpMethod.HEAD.equals(this.exchange.request().getMethod())
				|| HttpStatus.NOT_MODIFIED.isSameCodeAs(getStatus());
		return bodiless ? -1 : getHeaders().getContentLength();
	}

	/**
	 * How the request has ended, for messages.
	 */
	String ending() {
		RequestResult result = this.exchange.result();
		return (result != null) ? result.name().toLowerCase(Locale.ROOT) : "not observed";
	}

	/**
	 * The status of the response.
	 * @return the status; if no response was sent, the one that it would have had so far
	 */
	public HttpStatusCode getStatus() {
		return this.exchange.status();
	}

	/**
	 * The headers of the response.
	 * @return the headers
	 */
	public HttpHeaders getHeaders() {
		return this.exchange.response().getHeaders();
	}

	/**
	 * The cookies that the response sets.
	 * @return the cookies by name
	 */
	public MultiValueMap<String, ResponseCookie> getCookies() {
		return this.exchange.response().getCookies();
	}

	/**
	 * The body of the response.
	 * @return the bytes that were written, none for a response without a body; if the
	 * response was cut, those that went before
	 */
	public byte[] getBody() {
		return this.exchange.body();
	}

	/**
	 * The body of the response as text.
	 * @return the text, read in the charset of the content type, or as UTF-8 if there is
	 * none
	 */
	public String getBodyAsString() {
		return new String(getBody(), charset());
	}

	private Charset charset() {
		try {
			MediaType type = getHeaders().getContentType();
			Charset charset = (type != null) ? type.getCharset() : null;
			return (charset != null) ? charset : StandardCharsets.UTF_8;
		}
		catch (InvalidMediaTypeException ex) {
			return StandardCharsets.UTF_8;
		}
	}

	/**
	 * How often the handler behind the middlewares was called.
	 * @return 0 if a middleware has answered or failed; more than once after a retry
	 */
	public int getHandlerCalls() {
		return this.exchange.handlerCalls();
	}

	/**
	 * The error that the request has ended with, whether exception handlers have rendered
	 * it or not.
	 * @return the error, or {@code null} if there was none
	 */
	public @Nullable Throwable getFailure() {
		return this.exchange.failure();
	}

	/**
	 * The rules of a filter that middlewares have broken.
	 * @return the kinds of misuse, such as {@code dropped_next}, in the order in which
	 * they happened
	 */
	public List<String> getMisuse() {
		return this.exchange.misuse().stream().map(MisuseReport::kind).toList();
	}

	/**
	 * The part of the only middleware.
	 * @return its part
	 * @throws IllegalStateException if there is not exactly one middleware
	 */
	public MiddlewarePart middleware() {
		if (this.parts.size() != 1) {
			throw new IllegalStateException(
					"There are %d middlewares %s; use assertThat(result.middleware(...)) to name one"
						.formatted(this.parts.size(), this.parts.keySet()));
		}
		return this.parts.values().iterator().next();
	}

	/**
	 * The part of a middleware.
	 * @param name the name of the middleware, which is the name of its bean
	 * @return its part
	 * @throws IllegalArgumentException if there is no such middleware
	 */
	public MiddlewarePart middleware(String name) {
		MiddlewarePart part = this.parts.get(name);
		if (part == null) {
			throw new IllegalArgumentException(
					"There is no middleware '%s', only %s".formatted(name, this.parts.keySet()));
		}
		return part;
	}

	/**
	 * The part of a middleware.
	 * @param type the class of the middleware
	 * @return its part
	 * @throws IllegalArgumentException if there is none, or more than one
	 */
	public MiddlewarePart middleware(Class<?> type) {
		List<MiddlewarePart> found = this.parts.values()
			.stream()
			.filter((part) -> type.isAssignableFrom(part.type()))
			.toList();
		if (found.size() != 1) {
			throw new IllegalArgumentException(
					"There are %d middlewares of %s among %s".formatted(found.size(), type, this.parts.values()));
		}
		return found.get(0);
	}

	/**
	 * The names of the middlewares that ran, in the order in which they did.
	 */
	List<String> ran() {
		return this.exchange.steps().stream().map((step) -> step.middleware().name()).toList();
	}

	/**
	 * Use {@code assertThat} of AssertJ instead.
	 * @return the assertions
	 */
	@Override
	public MiddlewareTestResultAssert assertThat() {
		return new MiddlewareTestResultAssert(this);
	}

	/**
	 * The request and what came of it, for messages.
	 */
	@Override
	public String toString() {
		return this.exchange.request().getMethod() + " " + this.exchange.request().getURI() + ": "
				+ (hasResponse() ? getStatus() : "no response") + ", " + ending();
	}

}
