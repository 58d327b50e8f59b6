package io.github.asyncmiddleware.ends;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for servers that throw when they are told that a request is over.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ThrowingServerIntegrationTests {

	private static final List<String> PASSED = List.of("own await passed", "own hooks passed", "own passes passed");

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	static Stream<Arguments> ends() {
		return Stream.of(Protocol.values())
			.flatMap((protocol) -> Stream.concat(
					Stream.of("Bubbling", "Linkage", "StackOverflow")
						.map((thrown) -> Arguments.of(protocol, thrown, "GET", "/mono", 200, "ok")),
					Stream.of("Nothing", "IllegalState")
						.flatMap((thrown) -> Stream.of(Arguments.of(protocol, thrown, "GET", "/mono", 200, "ok"),
								Arguments.of(protocol, thrown, "GET", "/later", 200, "ok"),
								Arguments.of(protocol, thrown, "HEAD", "/mono", 200, "ok"),
								Arguments.of(protocol, thrown, "POST", "/mono", 200, "ok"),
								Arguments.of(protocol, thrown, "GET", "/unknown", 404, "error_page"),
								Arguments.of(protocol, thrown, "GET", "/fails", 500, "error_page"),
								Arguments.of(protocol, thrown, "GET", "/cut", 200, "cut")))));
	}

	@ParameterizedTest
	@MethodSource("ends")
	void areToldOfEachRequestOnceAndItIsRecordedOnce(Protocol protocol, String thrown, String method, String path,
			int status, String result) {
		MeterChanges changes = this.server.changes();
		Answer answer = Client.exchange(protocol, this.server.port(), method, path, "X-Throw: " + thrown);
		assertThat(answer.status()).isEqualTo(status);
		List<String> recorded = changes.after(1);
		assertThat(recorded).filteredOn((sample) -> !sample.startsWith("ttfb "))
			.containsExactlyInAnyOrderElementsOf(
					Stream.concat(PASSED.stream(), Stream.of("request.ttfb " + status, "requests " + result)).toList());
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("ttfb ")).hasSize(3);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		ThrowingServer throwingServer() {
			return new ThrowingServer();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		@AsyncMiddleware(order = 1)
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(order = 2)
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> next.handle(request).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(order = 3)
		Hooks hooks() {
			return new Hooks();
		}

	}

	/**
	 * Stands for a server: in front of everything, it passes all signals on and then
	 * throws.
	 */
	static class ThrowingServer implements HttpHandlerDecoratorFactory, Ordered {

		@Override
		public int getOrder() {
			return HIGHEST_PRECEDENCE;
		}

		@Override
		public HttpHandler apply(HttpHandler handler) {
			return (request, response) -> {
				String thrown = request.getHeaders().getFirst("X-Throw");
				Mono<Void> source = handler.handle(request, response);
				return new Mono<>() {

					@Override
					public void subscribe(CoreSubscriber<? super Void> actual) {
						source.subscribe(new ThrowingSubscriber(actual, thrown));
					}

				};
			};
		}

	}

	private record ThrowingSubscriber(CoreSubscriber<? super Void> actual,
			String thrown) implements CoreSubscriber<Void> {

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.actual.onSubscribe(subscription);
		}

		@Override
		public void onNext(Void value) {
		}

		@Override
		public void onError(Throwable ex) {
			this.actual.onError(ex);
			fail();
		}

		@Override
		public void onComplete() {
			this.actual.onComplete();
			fail();
		}

		private void fail() {
			switch (this.thrown) {
				case "IllegalState" -> throw new IllegalStateException("server");
				case "Bubbling" -> throw Exceptions.bubble(new IllegalStateException("server"));
				case "Linkage" -> throw new NoClassDefFoundError("server");
				case "StackOverflow" -> throw new StackOverflowError("server");
				default -> {
				}
			}
		}

	}

	/**
	 * Does nothing, before and after.
	 */
	static class Hooks {

		@OnRequest
		Mono<Void> before() {
			return Mono.empty();
		}

		@OnResponse
		void after(ServerHttpResponse response) {
			response.getHeaders().set("X-After", "yes");
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/mono")
		Mono<String> mono() {
			return Mono.just("mono");
		}

		@RequestMapping("/later")
		Mono<String> later() {
			return Mono.delay(Duration.ofMillis(5)).thenReturn("later");
		}

		@RequestMapping("/fails")
		Mono<String> fails() {
			return Mono.delay(Duration.ofMillis(5)).then(Mono.error(new IllegalStateException("fails")));
		}

		@RequestMapping("/cut")
		Mono<Void> cut(ServerWebExchange exchange) {
			Mono<DataBuffer> first = Mono
				.just(DefaultDataBufferFactory.sharedInstance.wrap("first".getBytes(StandardCharsets.UTF_8)));
			Mono<DataBuffer> second = Mono.delay(Duration.ofMillis(5))
				.then(Mono.error(new IllegalStateException("cut")));
			return exchange.getResponse().writeAndFlushWith(Flux.just(first, second));
		}

	}

}
