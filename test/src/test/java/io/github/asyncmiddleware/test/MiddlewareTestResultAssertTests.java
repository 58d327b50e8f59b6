package io.github.asyncmiddleware.test;

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
