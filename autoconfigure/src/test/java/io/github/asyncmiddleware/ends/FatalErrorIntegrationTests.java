package io.github.asyncmiddleware.ends;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for stack overflows away from the event loop, which Reactor does not signal.
 */
@TestInstance(Lifecycle.PER_CLASS)
class FatalErrorIntegrationTests {

	private static final Duration PROMPTLY = Duration.ofSeconds(5);

	private static final List<String> WAITS = List.of("waitsNative", "waitsAwait", "waitsBlocking", "waitsHook");

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@AfterEach
	void settle() {
		// A request that hangs is recorded when its client has left
		this.server.changes().settled();
	}

	static Stream<Arguments> behindAWait() {
		return WAITS.stream()
			.flatMap(
					(waits) -> Stream.of("throwsNative", "throwsAwait", "throwsBlocking", "throwsInPlace", "throwsHook")
						.map((thrower) -> Arguments.of(waits, thrower)));
	}

	@ParameterizedTest
	@MethodSource("behindAWait")
	void endTheRequestBehindAWait(String waits, String thrower) {
		for (Protocol protocol : Protocol.values()) {
			for (String method : List.of("GET", "POST", "HEAD")) {
				assertFatal(protocol, method, "/" + waits + "/" + thrower, "own " + waits + " passed",
						"own " + thrower + " failed");
			}
		}
	}

	@ParameterizedTest
	@MethodSource("behindAWait")
	void endTheRequestOrSkipTheOneThatThrows(String waits, String thrower) {
		MeterChanges changes = this.server.changes();
		for (Protocol protocol : Protocol.values()) {
			assertThat(promptly(protocol, "GET", "/" + waits + "/" + thrower + "Skip").status()).isIn(0, 200, 500);
		}
		assertThat(changes.after(2)).filteredOn((sample) -> sample.startsWith("requests "))
			.hasSize(2)
			.isSubsetOf("requests ok", "requests fatal");
	}

	@ParameterizedTest
	@EnumSource
	void endTheRequestInABlockingHook(Protocol protocol) {
		for (String method : List.of("GET", "POST", "HEAD")) {
			assertFatal(protocol, method, "/now/throwsBlocking", "own throwsBlocking failed");
		}
	}

	static Stream<Arguments> handlersBehindAWait() {
		return WAITS.stream()
			.flatMap((waits) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(protocol, waits)));
	}

	@ParameterizedTest
	@MethodSource("handlersBehindAWait")
	void endTheRequestInAHandlerBehindAWait(Protocol protocol, String waits) {
		assertFatal(protocol, "GET", "/" + waits + "/handler", "own " + waits + " passed");
	}

	static Stream<Arguments> afterNext() {
		// Where nothing of the engine is on the stack, as in an operator behind a wait,
		// no one can tell
		return Stream.of("afterNative", "afterBlocking")
			.flatMap((thrower) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(protocol, thrower)));
	}

	@ParameterizedTest
	@MethodSource("afterNext")
	void endTheRequestAfterNext(Protocol protocol, String thrower) {
		MeterChanges changes = this.server.changes();
		Answer answer = promptly(protocol, "GET", "/" + thrower);
		assertThat(answer.status()).isIn(0, 200, 500);
		List<String> recorded = changes.after(1);
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("requests ")).hasSize(1);
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("own ")).hasSize(1);
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("request.ttfb"))
			.hasSize((answer.status() != 0) ? 1 : 0);
	}

	static Stream<Arguments> beforeTheHead() {
		return Stream.of("delayed", "committed", "hooked")
			.flatMap((waits) -> Stream.of(Protocol.values())
				.flatMap((protocol) -> Stream.of("GET", "POST", "HEAD")
					.map((method) -> Arguments.of(protocol, method, waits))));
	}

	/**
	 * On the thread that the response goes on on, which is none of the server.
	 */
	@ParameterizedTest
	@MethodSource("beforeTheHead")
	void endTheRequestInAHookBeforeTheHead(Protocol protocol, String method, String waits) {
		assertFatal(protocol, method, "/" + waits + "/throwsBeforeTheHead", "own " + waits + " passed",
				"own throwsBeforeTheHead passed");
	}

	@ParameterizedTest
	@EnumSource
	void endWithTheDeadlineInOperatorsOfTheMiddleware(Protocol protocol) {
		MeterChanges changes = this.server.changes();
		assertThat(promptly(protocol, "GET", "/operators").status()).isIn(0, 500, 503);
		assertThat(changes.after(1)).filteredOn((sample) -> sample.startsWith("requests ")).hasSize(1);
	}

	private void assertFatal(Protocol protocol, String method, String path, String... own) {
		MeterChanges changes = this.server.changes();
		Answer answer = promptly(protocol, method, path);
		assertThat(answer.status()).isIn(0, 500);
		List<String> recorded = changes.after(1);
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("requests "))
			.hasSize(1)
			.isSubsetOf("requests fatal", (answer.status() != 0) ? "requests error_page" : "requests fatal");
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("own ")).containsExactlyInAnyOrder(own);
		// The 500 of a server that is told of a fatal error is none that a filter could
		// see
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("request.ttfb"))
			.hasSize(recorded.contains("requests error_page") ? 1 : 0);
	}

	private Answer promptly(Protocol protocol, String method, String path) {
		long start = System.nanoTime();
		Answer answer = Client.exchange(protocol, this.server.port(), method, path);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).as("time until the client knew").isLessThan(PROMPTLY);
		return answer;
	}

	private static <T> Mono<T> later(Supplier<Mono<T>> next) {
		return Mono.delay(Duration.ofMillis(5)).flatMap((done) -> next.get());
	}

	private static int overflow(int depth) {
		return overflow(depth + 1) + 1;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		@AsyncMiddleware(path = "/waitsNative/**", order = 1)
		WebFilter waitsNative() {
			return (exchange, chain) -> later(() -> chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/waitsAwait/**", order = 1)
		HandlerFilterFunction<LiveResponse, ServerResponse> waitsAwait() {
			return (request, next) -> later(() -> next.handle(request)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/waitsBlocking/**", order = 1)
		WaitsBlocking waitsBlocking() {
			return new WaitsBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/waitsHook/**", order = 1)
		WaitsHook waitsHook() {
			return new WaitsHook();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsNative", order = 2)
		ThrowsNative throwsNative() {
			return new ThrowsNative();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsNativeSkip", order = 2, onFailure = OnFailure.SKIP)
		ThrowsNative throwsNativeSkip() {
			return new ThrowsNative();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsAwait", order = 2)
		ThrowsAwait throwsAwait() {
			return new ThrowsAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsAwaitSkip", order = 2, onFailure = OnFailure.SKIP)
		ThrowsAwait throwsAwaitSkip() {
			return new ThrowsAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsBlocking", order = 2)
		ThrowsBlocking throwsBlocking() {
			return new ThrowsBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsBlockingSkip", order = 2, onFailure = OnFailure.SKIP)
		ThrowsBlocking throwsBlockingSkip() {
			return new ThrowsBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsInPlace", order = 2)
		ThrowsInPlace throwsInPlace() {
			return new ThrowsInPlace();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsInPlaceSkip", order = 2, onFailure = OnFailure.SKIP)
		ThrowsInPlace throwsInPlaceSkip() {
			return new ThrowsInPlace();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsHook", order = 2)
		ThrowsHook throwsHook() {
			return new ThrowsHook();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsHookSkip", order = 2, onFailure = OnFailure.SKIP)
		ThrowsHook throwsHookSkip() {
			return new ThrowsHook();
		}

		@Bean
		@AsyncMiddleware(path = "/afterNative")
		WebFilter afterNative() {
			return (exchange, chain) -> chain.filter(exchange).then(Mono.fromRunnable(() -> overflow(0)));
		}

		@Bean
		@AsyncMiddleware(path = "/afterAwait")
		HandlerFilterFunction<LiveResponse, ServerResponse> afterAwait() {
			return (request,
					next) -> next.handle(request).doOnNext((response) -> overflow(0)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/delayed/*", order = 1)
		HandlerFilterFunction<LiveResponse, ServerResponse> delayed() {
			return (request,
					next) -> next.handle(request).delayElement(Duration.ofMillis(5)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/committed/*", order = 1)
		WebFilter committed() {
			return (exchange, chain) -> {
				exchange.getResponse().beforeCommit(() -> Mono.delay(Duration.ofMillis(5)).then());
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(path = "/hooked/*", order = 3)
		WaitsBeforeTheHead hooked() {
			return new WaitsBeforeTheHead();
		}

		@Bean
		@AsyncMiddleware(path = "/*/throwsBeforeTheHead", order = 2)
		AfterHook throwsBeforeTheHead() {
			return new AfterHook();
		}

		@Bean
		@AsyncMiddleware(path = "/afterHook")
		AfterHook afterHook() {
			return new AfterHook();
		}

		@Bean
		@AsyncMiddleware(path = "/afterBlocking")
		AfterBlocking afterBlocking() {
			return new AfterBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/operators", timeout = "300ms")
		WebFilter operators() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(5))
				.doOnNext((done) -> overflow(0))
				.then(chain.filter(exchange));
		}

	}

	/**
	 * Waits on another thread.
	 */
	static class WaitsBlocking {

		@OnRequest
		void load() throws InterruptedException {
			Thread.sleep(5);
		}

	}

	/**
	 * Has the next hook run on another thread.
	 */
	static class WaitsBeforeTheHead {

		@OnResponse
		Mono<Void> stamp() {
			return Mono.delay(Duration.ofMillis(5)).then();
		}

	}

	/**
	 * Waits on no thread.
	 */
	static class WaitsHook {

		@OnRequest
		Mono<Void> load() {
			return Mono.delay(Duration.ofMillis(5)).then();
		}

	}

	/**
	 * Throws as a filter.
	 */
	static class ThrowsNative implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			overflow(0);
			return chain.filter(exchange);
		}

	}

	/**
	 * Throws as one that awaits.
	 */
	static class ThrowsAwait implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			overflow(0);
			return next.handle(request).cast(ServerResponse.class);
		}

	}

	/**
	 * Throws on another thread.
	 */
	static class ThrowsBlocking {

		@OnRequest
		void load() {
			overflow(0);
		}

	}

	/**
	 * Throws where the request is.
	 */
	static class ThrowsInPlace {

		@OnRequest(blocking = false)
		void load() {
			overflow(0);
		}

	}

	/**
	 * Throws before it has returned what it declares.
	 */
	static class ThrowsHook {

		@OnRequest
		CompletionStage<Void> load() {
			overflow(0);
			return CompletableFuture.completedFuture(null);
		}

	}

	/**
	 * Throws when the head is known.
	 */
	static class AfterHook {

		@OnResponse
		void stamp() {
			overflow(0);
		}

	}

	/**
	 * Throws on another thread when the head is known.
	 */
	static class AfterBlocking {

		@OnResponse(blocking = true)
		void stamp() {
			overflow(0);
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/*/handler")
		Mono<String> handler() {
			overflow(0);
			return Mono.just("never");
		}

		@RequestMapping("/**")
		Mono<String> any() {
			return Mono.delay(Duration.ofMillis(5)).thenReturn("handled");
		}

	}

}
