package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.guard.MisuseReporter;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the log names the method that has returned {@code null} in place of a
 * publisher, in every style.
 */
@ExtendWith(OutputCaptureExtension.class)
class NullResultTests {

	static Stream<Arguments> beans() {
		return Stream.of(Arguments.of(new Native(), "filter()"), Arguments.of(new Await(), "filter()"),
				Arguments.of(new OfMono(), "load()"), Arguments.of(new OfStage(), "load()"),
				Arguments.of(new BehindSession(), "load()"), Arguments.of(new InGroup(), "load()"),
				Arguments.of(new InGroupBehindSession(), "load()"));
	}

	@ParameterizedTest
	@MethodSource("beans")
	void namesTheMethod(Object bean, String method, CapturedOutput output) {
		String place = bean.getClass().getName() + "." + method;
		assertThat(statusOf(bean, OnFailure.FAIL, reporter())).isEqualTo(HttpStatus.INTERNAL_SERVER_ERROR);
		assertThat(output).containsOnlyOnce("returned null from " + place + ". Return");
		assertThat(output).containsAnyOf("(" + place + ")", "__checkpoint ⇢ " + place);
	}

	@ParameterizedTest
	@MethodSource("beans")
	void namesTheMethodWhereMisuseIsNotReported(Object bean, String method, CapturedOutput output) {
		assertThat(statusOf(bean, OnFailure.FAIL, MisuseGuard.OFF)).isEqualTo(HttpStatus.INTERNAL_SERVER_ERROR);
		String place = bean.getClass().getName() + "." + method;
		assertThat(output).containsAnyOf("(" + place + ")", "__checkpoint ⇢ " + place);
	}

	@ParameterizedTest
	@MethodSource("beans")
	void namesTheMethodWhereTheMiddlewareIsSkipped(Object bean, String method, CapturedOutput output) {
		assertThat(statusOf(bean, OnFailure.SKIP, reporter())).isEqualTo(HttpStatus.OK);
		assertThat(output).containsOnlyOnce("returned null from " + bean.getClass().getName() + "." + method);
	}

	static List<Object> responseBeans() {
		return List.of(new Response(), new ResponseBehindSession(), new BothWays());
	}

	@ParameterizedTest
	@MethodSource("responseBeans")
	void namesTheMethodThatRunsBeforeTheHead(Object bean, CapturedOutput output) {
		assertThat(statusOf(bean, OnFailure.FAIL, reporter())).isEqualTo(HttpStatus.OK);
		assertThat(output).containsOnlyOnce("returned null from " + bean.getClass().getName() + ".stamp(). Return");
	}

	private static MisuseReporter reporter() {
		return new MisuseReporter(true, List.of(), new TestTicker());
	}

	private static @Nullable Object statusOf(Object bean, OnFailure onFailure, MisuseGuard guard) {
		TestChain chain = new TestChain().guard(guard).entry(middleware(0, bean, onFailure));
		if (bean instanceof Grouped) {
			chain.entry(middleware(1, new OtherInGroup(), onFailure));
		}
		MockServerHttpResponse response = new MockServerHttpResponse();
		chain.build((exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatus.OK);
			return exchange.getResponse().setComplete();
		}).handle(MockServerHttpRequest.get("/").build(), response).block(Duration.ofSeconds(10));
		return response.getStatusCode();
	}

	private static Middleware middleware(int index, Object bean, OnFailure onFailure) {
		return new Middleware(index, "bean" + index, bean.getClass(), index, MiddlewareScope.ALL, onFailure, null,
				code(bean));
	}

	private static MiddlewareCode code(Object bean) {
		if (bean instanceof WebFilter filter) {
			return MiddlewareCode.of(filter);
		}
		if (bean instanceof HandlerFilterFunction<?, ?> function) {
			return new AwaitFilter(function, HandlerStrategies.withDefaults()::messageReaders,
					() -> AwaitFilterTests.CONTEXT)
				.toCode();
		}
		return HookCodes.inPlace(bean, bean instanceof Grouped);
	}

	static class Native implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return null;
		}

	}

	static class Await implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return null;
		}

	}

	static class OfMono {

		@OnRequest
		Mono<Void> load() {
			return null;
		}

	}

	static class OfStage {

		@OnRequest
		CompletionStage<Void> load() {
			return null;
		}

	}

	static class BehindSession {

		@OnRequest
		Mono<Void> load(WebSession session) {
			return null;
		}

	}

	/**
	 * One of a concurrent group.
	 */
	interface Grouped {

	}

	static class InGroupBehindSession implements Grouped {

		@OnRequest
		Mono<Void> load(WebSession session) {
			return null;
		}

	}

	static class InGroup implements Grouped {

		@OnRequest
		Mono<Void> load() {
			return null;
		}

	}

	static class OtherInGroup implements Grouped {

		@OnRequest
		Mono<Void> load() {
			return Mono.empty();
		}

	}

	static class Response {

		@OnResponse
		Mono<Void> stamp() {
			return null;
		}

	}

	static class ResponseBehindSession {

		@OnResponse
		Mono<Void> stamp(WebSession session) {
			return null;
		}

	}

	static class BothWays {

		@OnRequest
		Mono<Void> load() {
			return Mono.empty();
		}

		@OnResponse
		Mono<Void> stamp() {
			return null;
		}

	}

}
