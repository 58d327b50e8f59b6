package io.github.asyncmiddleware.test;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link MiddlewareTestResultAssert}.
 */
class MiddlewareTestResultAssertTests {

	@Test
	void failsForAResponseThatACancelledRequestNeverGot() {
		MiddlewareTestResult result = MiddlewareTester.of(new Waiting())
			.start(MockServerHttpRequest.get("/"))
			.cancel()
			.await();
		assertThat(result).wasCancelled().didNotReachHandler();
		assertThat(result).hasToString("GET /: no response, gone_before_head");
		assertNoResponse(result, "gone_before_head", (response) -> response.hasStatus(200));
		assertNoResponse(result, "gone_before_head", MiddlewareTestResultAssert::hasStatusOk);
		assertNoResponse(result, "gone_before_head", (response) -> response.hasHeader("X-Early", "1"));
		assertNoResponse(result, "gone_before_head", (response) -> response.doesNotHaveHeader("X-Late"));
		assertNoResponse(result, "gone_before_head", (response) -> response.headers().isEmpty());
		assertNoResponse(result, "gone_before_head", (response) -> response.hasCookie("a", "b"));
		assertNoResponse(result, "gone_before_head", (response) -> response.hasBody("x"));
		assertNoResponse(result, "gone_before_head", MiddlewareTestResultAssert::hasNoBody);
		assertNoResponse(result, "gone_before_head", (response) -> response.body().isEmpty());
	}

	@Test
	void failsForAResponseThatIsStillBeingCommitted() {
		WebFilter slow = (exchange, chain) -> {
			exchange.getResponse().beforeCommit(Mono::never);
			return chain.filter(exchange);
		};
		assertNoResponse(
				MiddlewareTester.of(slow).start(MockServerHttpRequest.get("/")).awaitHandler().cancel().await(),
				"gone_before_head", (response) -> response.hasStatus(200));
	}

	@Test
	void failsForARequestThatEndedFatally() {
		WebFilter fatal = (exchange, chain) -> {
			throw new StackOverflowError("too deep");
		};
		MiddlewareTestResult result = MiddlewareTester.of(fatal).exchange(MockServerHttpRequest.get("/"));
		assertNoResponse(result, "fatal: java.lang.StackOverflowError: too deep",
				MiddlewareTestResultAssert::hasNoBody);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).hasStatus(200))
			.withCauseInstanceOf(StackOverflowError.class);
	}

	@Test
	void failsWhereNoMiddlewareTakesPart() {
		MiddlewareTestResult result = MiddlewareTester.of()
			.withHandler((exchange) -> Mono.never())
			.start(MockServerHttpRequest.get("/"))
			.cancel()
			.await();
		assertNoResponse(result, "not observed", (response) -> response.hasStatus(200));
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET", "HEAD" })
	void knowsAResponseWithoutABody(String method) {
		WebFilter filter = (exchange, chain) -> chain.filter(exchange);
		MiddlewareTester tester = MiddlewareTester.of(filter);
		MockServerHttpRequest request = MockServerHttpRequest.method(HttpMethod.valueOf(method), "/").build();
		assertThat(tester.exchange(request)).hasStatus(200).doesNotHaveHeader("X-Late").hasNoBody();
		assertThat(tester.withHandler((exchange) -> Mono.empty()).exchange(request)).hasStatus(200).hasNoBody();
		assertThat(tester.withHandler((exchange) -> Mono.error(new IllegalStateException())).exchange(request))
			.hasStatus(500)
			.hasNoBody();
		assertThat(MiddlewareTester.of().exchange(request)).hasStatus(200).hasNoBody();
	}

	@Test
	void knowsWhetherTheHeadWasSentBeforeTheClientLeft() {
		WebFilter filter = (exchange, chain) -> chain.filter(exchange);
		assertThat(MiddlewareTester.of(filter)
			.withHandler((exchange) -> exchange.getResponse().writeWith(Mono.never()))
			.start(MockServerHttpRequest.get("/"))
			.awaitHandler()
			.cancel()
			.await()).hasToString("GET /: no response, gone_before_head");
		assertThat(MiddlewareTester.of(filter)
			.withHandler((exchange) -> exchange.getResponse().setComplete().then(Mono.never()))
			.start(MockServerHttpRequest.get("/"))
			.awaitHandler()
			.cancel()
			.await()).hasStatus(200).hasNoBody();
	}

	@Test
	void failsForABodyThatWasCut() {
		IllegalStateException failure = new IllegalStateException("no more rows");
		WebHandler handler = (exchange) -> exchange.getResponse()
			.writeWith(Flux.concat(Flux.just(exchange.getResponse().bufferFactory().wrap("par".getBytes())),
					Flux.error(failure)));
		WebFilter filter = (exchange, chain) -> chain.filter(exchange);
		assertThat(MiddlewareTester.of(filter).withHandler(handler).exchange(MockServerHttpRequest.get("/"))).passed();
		for (MiddlewareTester tester : List.of(MiddlewareTester.of(filter), MiddlewareTester.of())) {
			MiddlewareTestResult result = tester.withHandler(handler).exchange(MockServerHttpRequest.get("/"));
			assertThat(result).hasStatus(200).doesNotHaveHeader("X-Late");
			assertThat(result.getBodyAsString()).isEqualTo("par");
			assertCut(result, (response) -> response.hasBody("par"));
			assertCut(result, MiddlewareTestResultAssert::hasNoBody);
			assertCut(result, (response) -> response.body().startsWith("p"));
		}
	}

	private static void assertCut(MiddlewareTestResult result, Consumer<MiddlewareTestResultAssert> assertion) {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertion.accept(assertThat(result)))
			.withMessage("Expected a whole body, but it was cut after 3 bytes: "
					+ "java.lang.IllegalStateException: no more rows")
			.withCauseInstanceOf(IllegalStateException.class);
	}

	/**
	 * A client gets a part of the body, or waits for the rest.
	 */
	@ParameterizedTest
	@ValueSource(longs = { 3, 5 })
	void failsForABodyOfAnotherLengthThanItsHeaderSays(long length) {
		WebFilter filter = (exchange, chain) -> {
			exchange.getResponse().getHeaders().setContentLength(length);
			return exchange.getResponse()
				.writeWith(Mono.just(exchange.getResponse().bufferFactory().wrap("four".getBytes())));
		};
		MiddlewareTestResult result = MiddlewareTester.of(filter).exchange(MockServerHttpRequest.get("/"));
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).hasBody("four"))
			.withMessage("Expected a body of " + length + " bytes, as Content-Length says, but 4 bytes were written");
		assertThat(MiddlewareTester.of(filter).exchange(MockServerHttpRequest.head("/"))).hasNoBody();
	}

	@Test
	void aResponseThatWasNotModifiedHasTheLengthOfTheBodyThatTheClientHas() {
		assertThat(exchange((response) -> {
			response.setStatusCode(HttpStatus.NOT_MODIFIED);
			response.getHeaders().setContentLength(4);
		})).hasNoBody();
	}

	@Test
	void knowsAHeaderWhoseValueDoesNotMatter() {
		MiddlewareTestResult result = exchange((response) -> response.getHeaders().set("X-Request-Id", "17"));
		assertThat(result).hasHeader("X-Request-Id").hasHeader("X-Request-Id", "17");
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).hasHeader("X-Other"));
	}

	@Test
	void knowsACookieHoweverItWasSet() {
		MiddlewareTestResult result = exchange((response) -> {
			response.addCookie(ResponseCookie.from("a", "1").build());
			response.addCookie(ResponseCookie.from("a", "2").path("/shop").build());
			response.getHeaders().add("Set-Cookie", "b=3; Path=/");
			response.getHeaders().add("Set-Cookie", "c=4");
		});
		assertThat(result).hasCookie("a", "1").hasCookie("a", "2").hasCookie("b", "3").hasCookie("c", "4");
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).hasCookie("c", "40"))
			.withMessageContaining("c=4");
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).hasCookie("b", "3; Path"));
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).hasCookie("a", "3"));
	}

	@Test
	void readsTheBodyInItsCharset() {
		assertThat(written("text/plain;charset=ISO-8859-1", StandardCharsets.ISO_8859_1)).hasBody("M\u00fcller");
		assertThat(written("text/plain", StandardCharsets.UTF_8)).hasBody("M\u00fcller");
		assertThat(written("no type", StandardCharsets.UTF_8)).hasBody("M\u00fcller");
		assertThat(written("text/plain;charset=none", StandardCharsets.UTF_8)).hasBody("M\u00fcller");
	}

	private static MiddlewareTestResult written(String type, Charset charset) {
		return MiddlewareTester.of().withHandler((exchange) -> {
			exchange.getResponse().getHeaders().set("Content-Type", type);
			return exchange.getResponse()
				.writeWith(Mono.just(exchange.getResponse().bufferFactory().wrap("M\u00fcller".getBytes(charset))));
		}).exchange(MockServerHttpRequest.get("/"));
	}

	private static MiddlewareTestResult exchange(Consumer<ServerHttpResponse> handler) {
		return MiddlewareTester.of().withHandler((exchange) -> {
			handler.accept(exchange.getResponse());
			return exchange.getResponse().setComplete();
		}).exchange(MockServerHttpRequest.get("/"));
	}

	private static void assertNoResponse(MiddlewareTestResult result, String reason,
			Consumer<MiddlewareTestResultAssert> assertion) {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertion.accept(assertThat(result)))
			.withMessage("Expected a response, but no response was sent: " + reason);
	}

	@AsyncMiddleware
	static class Waiting {

		@OnRequest
		CompletableFuture<Void> load() {
			return new CompletableFuture<>();
		}

	}

}
