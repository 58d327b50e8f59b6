package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a middleware that lacks a class in what it does behind {@code next}, over
 * sockets: the request ends, on whatever thread the handler has answered.
 */
class LinkageErrorTests {

	private final RecordingListener listener = new RecordingListener();

	private final AtomicInteger handled = new AtomicInteger();

	static List<Arguments> chains() {
		List<Arguments> chains = new ArrayList<>();
		for (Code code : Code.values()) {
			for (boolean later : List.of(false, true)) {
				for (String method : List.of("GET", "HEAD")) {
					for (OnFailure onFailure : OnFailure.values()) {
						chains.add(Arguments.of(code, later, method, onFailure));
					}
				}
			}
		}
		return chains;
	}

	@ParameterizedTest
	@MethodSource("chains")
	void isAFailureOfTheMiddleware(Code code, boolean later, String method, OnFailure onFailure) throws Exception {
		TestChain chain = new TestChain().listener(this.listener)
			.quietErrors()
			.handler(handler(later, code != Code.NATIVE_ERROR && code != Code.AWAIT_ERROR))
			.middleware("outer", (exchange, next) -> next.filter(exchange).then())
			.middleware("it", onFailure, code.code)
			.middleware("inner", (exchange, next) -> next.filter(exchange).then());
		String response;
		try (WireServer server = new WireServer(chain.build())) {
			response = server.exchange(method + " /");
		}
		// Behind a head that is out, which that of HEAD is not before all have completed
		boolean sent = code == Code.NATIVE && method.equals("GET");
		assertThat(response).startsWith(sent ? "HTTP/1.1 200 " : "HTTP/1.1 500 ");
		RecordedRequest record = this.listener.take();
		assertThat(record.status()).isEqualTo(sent ? 200 : 500);
		assertThat(record.results()).containsExactly("outer PASSED",
				(code == Code.NATIVE_ERROR || code == Code.AWAIT_ERROR) ? "it PASSED" : "it FAILED", "inner PASSED");
		assertThat(this.handled).hasValue(1);
		assertThat(this.listener.isEmpty()).isTrue();
	}

	private WebHandler handler(boolean later, boolean answers) {
		return (exchange) -> {
			this.handled.incrementAndGet();
			Mono<Void> answer = answers
					? exchange.getResponse()
						.writeWith(Mono
							.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap("handled".getBytes())))
					: Mono.error(new IllegalStateException("fails"));
			return later ? Mono.delay(Duration.ofMillis(5)).then(answer) : answer;
		};
	}

	private static void link() {
		throw new NoClassDefFoundError("test");
	}

	private static MiddlewareCode filter(WebFilter filter) {
		return new MiddlewareCode(Style.NATIVE, RunsOn.EVENT_LOOP, filter, null, null);
	}

	private static MiddlewareCode function(HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		return new AwaitFilter(function, HandlerStrategies.withDefaults()::messageReaders,
				() -> AwaitFilterTests.CONTEXT)
			.toCode();
	}

	/**
	 * What the middleware does with what comes out of the rest of the chain.
	 */
	enum Code {

		NATIVE(filter((exchange, next) -> next.filter(exchange).then(Mono.fromRunnable(LinkageErrorTests::link)))),

		NATIVE_ERROR(filter((exchange, next) -> next.filter(exchange).onErrorResume((ex) -> {
			link();
			return Mono.empty();
		}))),

		AWAIT(function((request, next) -> next.handle(request).map((response) -> {
			link();
			return response;
		}))),

		AWAIT_ERROR(function((request, next) -> next.handle(request).cast(ServerResponse.class).onErrorResume((ex) -> {
			link();
			return Mono.empty();
		})));

		private final MiddlewareCode code;

		Code(MiddlewareCode code) {
			this.code = code;
		}

	}

}
