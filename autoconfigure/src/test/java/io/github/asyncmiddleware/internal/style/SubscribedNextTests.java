package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a function that subscribes to {@code next} itself before it returns, over
 * sockets: neither the answer of the rest of the chain nor an error of the function
 * becomes an empty 200.
 */
class SubscribedNextTests {

	private static final HandlerStrategies STRATEGIES = HandlerStrategies.withDefaults();

	private final RecordingListener listener = new RecordingListener();

	private final AtomicInteger handled = new AtomicInteger();

	private final List<String> misuse = Collections.synchronizedList(new ArrayList<>());

	static List<Arguments> cases() {
		List<Arguments> cases = new ArrayList<>();
		for (Ending ending : Ending.values()) {
			for (String handler : List.of("at-once", "later", "fails", "fails-later", "never")) {
				// What is to be the answer has to come
				if (ending.failed || !handler.equals("never")) {
					for (String method : List.of("GET", "HEAD")) {
						for (OnFailure onFailure : OnFailure.values()) {
							cases.add(Arguments.of(ending, handler, method, onFailure));
						}
					}
				}
			}
		}
		return cases;
	}

	@ParameterizedTest
	@MethodSource("cases")
	void theFirstAnswerOrTheErrorIsSent(Ending ending, String handler, String method, OnFailure onFailure)
			throws Exception {
		TestChain chain = chain(handler).middleware("outer", (exchange, next) -> next.filter(exchange).then())
			.middleware("it", onFailure, code(ending.function))
			.middleware("inner", (exchange, next) -> next.filter(exchange).then());
		String response;
		try (WireServer server = new WireServer(chain.build())) {
			response = server.exchange(method + " /");
		}
		boolean answered = !ending.failed && !handler.startsWith("fails");
		assertThat(response).startsWith(answered ? "HTTP/1.1 200 " : "HTTP/1.1 500 ");
		if (answered) {
			assertThat(response).contains("X-Handler: 1\r\n")
				.endsWith(method.equals("GET") ? "\r\n\r\nhandled" : "\r\n\r\n");
		}
		else {
			assertThat(response).doesNotContain("X-Handler", "handled");
		}
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(answered ? RequestResult.OK : RequestResult.ERROR_PAGE);
		assertThat(record.status()).isEqualTo(answered ? 200 : 500);
		assertThat(record.results()).contains("outer PASSED");
		if (answered) {
			assertThat(record.results()).contains("it PASSED");
			assertThat(this.misuse).containsExactly("it REPEATED_NEXT");
			assertThat(this.handled).hasValue(1);
		}
		assertThat(this.listener.isEmpty()).isTrue();
	}

	/**
	 * It comes too late to be shown the response, which is not held for it.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "at-once", "later" })
	void aSubscriptionAfterNextWasReturnedHoldsNothing(String handler) throws Exception {
		AtomicReference<Mono<LiveResponse>> returned = new AtomicReference<>();
		TestChain chain = chain(handler).middleware("it", code((request, next) -> {
			Mono<LiveResponse> response = next.handle(request);
			returned.set(response);
			return Ending.returned(response);
		})).foreign("subscribes", (exchange, next) -> {
			returned.get().subscribe();
			return next.filter(exchange);
		});
		try (WireServer server = new WireServer(chain.build())) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\nhandled");
		}
		assertThat(this.listener.take().results()).containsExactly("it PASSED");
		assertThat(this.misuse).containsExactly("it REPEATED_NEXT");
		assertThat(this.handled).hasValue(1);
	}

	/**
	 * Where misuse is only reported, it is reported once.
	 */
	@ParameterizedTest
	@EnumSource(names = { "RETURNS_NEXT", "RETURNS_WHAT_IT_MAKES_OF_NEXT" })
	void theRestRunsAgainWhereTheEngineDoesNotStepIn(Ending ending) throws Exception {
		TestChain chain = chain("later")
			.guard((middleware, misuse, request) -> !this.misuse.add(middleware.name() + " " + misuse))
			.middleware("it", code(ending.function));
		try (WireServer server = new WireServer(chain.build())) {
			assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\nhandled");
		}
		assertThat(this.listener.take().results()).containsExactly("it PASSED");
		assertThat(this.misuse).containsExactly("it REPEATED_NEXT");
		assertThat(this.handled).hasValue(2);
	}

	private TestChain chain(String handler) {
		return new TestChain().listener(this.listener)
			.guard((middleware, misuse, request) -> this.misuse.add(middleware.name() + " " + misuse))
			.quietErrors()
			.handler(handler(handler));
	}

	private static MiddlewareCode code(HandlerFilterFunction<LiveResponse, ServerResponse> function) {
		return new AwaitFilter(function, STRATEGIES::messageReaders, () -> AwaitFilterTests.CONTEXT).toCode();
	}

	private WebHandler handler(String kind) {
		return (exchange) -> {
			this.handled.incrementAndGet();
			return switch (kind) {
				case "at-once" -> write(exchange);
				case "later" -> Mono.delay(Duration.ofMillis(20)).then(write(exchange));
				case "fails" -> Mono.error(new IllegalStateException("fails"));
				case "fails-later" ->
					Mono.delay(Duration.ofMillis(20)).then(Mono.error(new IllegalStateException("fails")));
				default -> Mono.never();
			};
		};
	}

	private static Mono<Void> write(ServerWebExchange exchange) {
		return Mono.defer(() -> {
			exchange.getResponse().getHeaders().set("X-Handler", "1");
			return exchange.getResponse()
				.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap("handled".getBytes())));
		});
	}

	/**
	 * How the function goes on after it has subscribed.
	 */
	enum Ending {

		RETURNS_NEXT(false, (request, next) -> {
			Mono<LiveResponse> response = next.handle(request);
			response.onErrorComplete().subscribe();
			return returned(response);
		}),

		RETURNS_WHAT_IT_MAKES_OF_NEXT(false, (request, next) -> {
			Mono<LiveResponse> response = next.handle(request);
			response.onErrorComplete().subscribe();
			return response.map((live) -> live);
		}),

		THROWS(true, (request, next) -> {
			next.handle(request).onErrorComplete().subscribe();
			throw new IllegalStateException("throws");
		}),

		SIGNALS_AN_ERROR(true, (request, next) -> {
			next.handle(request).onErrorComplete().subscribe();
			return Mono.error(new IllegalStateException("signals"));
		}),

		RETURNS_NULL(true, (request, next) -> {
			next.handle(request).onErrorComplete().subscribe();
			return noMono();
		});

		private final boolean failed;

		private final HandlerFilterFunction<LiveResponse, ServerResponse> function;

		Ending(boolean failed, HandlerFilterFunction<LiveResponse, ServerResponse> function) {
			this.failed = failed;
			this.function = function;
		}

		@SuppressWarnings("unchecked")
		private static Mono<ServerResponse> returned(Mono<? extends ServerResponse> response) {
			return (Mono<ServerResponse>) response;
		}

		@SuppressWarnings("NullAway")
		private static @Nullable Mono<ServerResponse> noMono() {
			return null;
		}

	}

}
