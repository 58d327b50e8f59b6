package io.github.asyncmiddleware.ends;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that leave while what they send is being read.
 */
@TestInstance(Lifecycle.PER_CLASS)
class LeavingWhileSendingIntegrationTests {

	private BootServer server;

	private Counts counts;

	@BeforeAll
	void start() {
		// To start a thread can block for long where the processors are taken
		this.server = BootServer.start(Application.class, "async-middleware.blocking-watch.enabled=false");
		this.counts = this.server.bean(Counts.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	static Stream<Arguments> readers() {
		Stream<String> names = Stream.of("native", "nativeRaw", "nativeWraps", "nativeTimed", "nativeElsewhere",
				"await", "awaitRaw", "hook", "futureHook", "blockingHook");
		return names.flatMap((name) -> Stream.of(name + "Fail", name + "Skip"))
			.flatMap((name) -> Stream.of(Leaving.values()).map((leaving) -> Arguments.of(name, leaving)));
	}

	@ParameterizedTest
	@MethodSource("readers")
	void isNoFailureOfTheOneThatReads(String middleware, Leaving leaving) {
		assertGoneBeforeHead("POST", "/" + middleware, leaving, "own " + middleware + " cancelled");
		assertThat(this.counts.handled).as("runs of the handler").hasValue(0);
	}

	static Stream<Arguments> otherMethods() {
		return Stream.of("PUT", "GET", "HEAD", "DELETE")
			.flatMap((method) -> Stream.of("nativeSkip", "awaitSkip", "hookSkip", "nativeFail", "awaitFail", "hookFail")
				.map((name) -> Arguments.of(method, name)));
	}

	@ParameterizedTest
	@MethodSource("otherMethods")
	void isNoFailureWhateverTheMethod(String method, String middleware) {
		assertGoneBeforeHead(method, "/" + middleware, Leaving.RST, "own " + middleware + " cancelled");
		assertGoneBeforeHead(method, "/" + middleware, Leaving.RST_STREAM, "own " + middleware + " cancelled");
		assertThat(this.counts.handled).as("runs of the handler").hasValue(0);
	}

	static Stream<Arguments> readingHandlers() {
		return Stream.of("form", "raw", "body", "advice")
			.flatMap((handler) -> Stream.of(Leaving.values()).map((leaving) -> Arguments.of(handler, leaving)));
	}

	@ParameterizedTest
	@MethodSource("readingHandlers")
	void isNoErrorPageIfTheHandlerReads(String handler, Leaving leaving) {
		assertGoneBeforeHead("POST", "/passes/" + handler, leaving, "own passes passed", "own passesAwait passed",
				"own passesHook passed");
	}

	@ParameterizedTest
	@EnumSource
	void isNoAnswerWhateverIsRenderedForNobody(Leaving leaving) {
		for (String middleware : List.of("recovers", "recoversAwait")) {
			List<String> recorded = leave("POST", "/" + middleware, leaving);
			assertThat(recorded).as(middleware).contains("requests gone_before_head").hasSize(2);
			assertThat(recorded).noneMatch((sample) -> sample.contains("failed"));
		}
	}

	@ParameterizedTest
	@EnumSource
	void isNoFailureAfterNext(Leaving leaving) {
		List<String> recorded = leave("POST", "/afterNext", leaving);
		assertThat(recorded).contains("requests gone_before_head").hasSize(2);
		assertThat(recorded).containsAnyOf("own afterNext cancelled", "own afterNext passed");
	}

	@ParameterizedTest
	@EnumSource
	void isNoCutIfTheHeadIsOut(Leaving leaving) {
		assertThat(leave("POST", "/passes/echo", leaving)).containsExactlyInAnyOrder("own passes passed",
				"own passesAwait passed", "own passesHook passed", "request.ttfb 200", "requests gone_after_head",
				"ttfb passes SUCCESS", "ttfb passesAwait SUCCESS", "ttfb passesHook SUCCESS");
	}

	private void assertGoneBeforeHead(String method, String path, Leaving leaving, String... own) {
		try (LogCapture log = LogCapture.ofOurs()) {
			List<String> recorded = leave(method, path, leaving);
			assertThat(recorded).containsExactlyInAnyOrderElementsOf(
					Stream.concat(Stream.of(own), Stream.of("requests gone_before_head")).toList());
			assertThat(log.events()).isEmpty();
		}
	}

	/**
	 * Send three of fifty bytes and leave when the rest is being waited for.
	 */
	private List<String> leave(String method, String path, Leaving leaving) {
		this.counts.reading.set(0);
		this.counts.handled.set(0);
		MeterChanges changes = this.server.changes();
		try (Client client = leaving.protocol().connect(this.server.port())) {
			String type = path.endsWith("/body") ? "text/plain" : "application/x-www-form-urlencoded";
			client.head(method, path, false, "Content-Type: " + type, "Content-Length: 50");
			client.body("a=b", false);
			Awaitility.await()
				.atMost(Duration.ofSeconds(10))
				.untilAtomic(this.counts.reading, (reading) -> assertThat(reading).isPositive());
			client.leave(leaving);
			if (leaving == Leaving.FIN && !path.endsWith("/echo")) {
				assertThat(client.answer()).isEqualTo(Answer.NONE);
			}
			return changes.after(1);
		}
	}

	/**
	 * What goes on in the application.
	 */
	static class Counts {

		final AtomicInteger reading = new AtomicInteger();

		final AtomicInteger handled = new AtomicInteger();

		Mono<Void> form(ServerWebExchange exchange) {
			return exchange.getFormData().doOnSubscribe((subscription) -> this.reading.incrementAndGet()).then();
		}

		Mono<Void> raw(ServerWebExchange exchange) {
			return DataBufferUtils.join(exchange.getRequest().getBody())
				.doOnNext(DataBufferUtils::release)
				.doOnSubscribe((subscription) -> this.reading.incrementAndGet())
				.then();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(HeapBuffers.class)
	static class Application {

		@Bean
		Counts counts() {
			return new Counts();
		}

		@Bean
		Handlers handlers(Counts counts) {
			return new Handlers(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/nativeFail")
		WebFilter nativeFail(Counts counts) {
			return (exchange, chain) -> counts.form(exchange).then(Mono.defer(() -> chain.filter(exchange)));
		}

		@Bean
		@AsyncMiddleware(path = "/nativeSkip", onFailure = OnFailure.SKIP)
		WebFilter nativeSkip(Counts counts) {
			return nativeFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/nativeRawFail")
		WebFilter nativeRawFail(Counts counts) {
			return (exchange, chain) -> counts.raw(exchange).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/nativeRawSkip", onFailure = OnFailure.SKIP)
		WebFilter nativeRawSkip(Counts counts) {
			return nativeRawFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/nativeWrapsFail")
		WebFilter nativeWrapsFail(Counts counts) {
			return (exchange, chain) -> counts.raw(exchange)
				.onErrorMap((ex) -> new IllegalStateException("Could not read", ex))
				.then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/nativeWrapsSkip", onFailure = OnFailure.SKIP)
		WebFilter nativeWrapsSkip(Counts counts) {
			return nativeWrapsFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/nativeTimedFail", timeout = "9s")
		WebFilter nativeTimedFail(Counts counts) {
			return nativeFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/nativeTimedSkip", timeout = "9s", onFailure = OnFailure.SKIP)
		WebFilter nativeTimedSkip(Counts counts) {
			return nativeFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/nativeElsewhereFail")
		WebFilter nativeElsewhereFail(Counts counts) {
			return (exchange,
					chain) -> counts.raw(exchange).publishOn(Schedulers.parallel()).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/nativeElsewhereSkip", onFailure = OnFailure.SKIP)
		WebFilter nativeElsewhereSkip(Counts counts) {
			return nativeElsewhereFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/awaitFail")
		Await awaitFail(Counts counts) {
			return (request, next) -> counts.form(request.exchange())
				.then(Mono.defer(() -> next.handle(request)))
				.cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/awaitSkip", onFailure = OnFailure.SKIP)
		Await awaitSkip(Counts counts) {
			return awaitFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/awaitRawFail")
		Await awaitRawFail(Counts counts) {
			return (request, next) -> request.bodyToMono(String.class)
				.doOnSubscribe((subscription) -> counts.reading.incrementAndGet())
				.flatMap((body) -> next.handle(request));
		}

		@Bean
		@AsyncMiddleware(path = "/awaitRawSkip", onFailure = OnFailure.SKIP)
		Await awaitRawSkip(Counts counts) {
			return awaitRawFail(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/hookFail")
		Hook hookFail(Counts counts) {
			return new Hook(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/hookSkip", onFailure = OnFailure.SKIP)
		Hook hookSkip(Counts counts) {
			return new Hook(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/futureHookFail")
		FutureHook futureHookFail(Counts counts) {
			return new FutureHook(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/futureHookSkip", onFailure = OnFailure.SKIP)
		FutureHook futureHookSkip(Counts counts) {
			return new FutureHook(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/blockingHookFail")
		BlockingHook blockingHookFail(Counts counts) {
			return new BlockingHook(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/blockingHookSkip", onFailure = OnFailure.SKIP)
		BlockingHook blockingHookSkip(Counts counts) {
			return new BlockingHook(counts);
		}

		@Bean
		@AsyncMiddleware(path = "/passes/**")
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(path = "/passes/**", onFailure = OnFailure.SKIP)
		Await passesAwait() {
			return (request, next) -> next.handle(request).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/passes/**", timeout = "9s")
		PassingHook passesHook() {
			return new PassingHook();
		}

		@Bean
		@AsyncMiddleware(path = "/recovers")
		WebFilter recovers(Counts counts) {
			return (exchange, chain) -> counts.raw(exchange).then(chain.filter(exchange)).onErrorResume((ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.BAD_REQUEST);
				return exchange.getResponse().setComplete();
			});
		}

		@Bean
		@AsyncMiddleware(path = "/recoversAwait")
		Await recoversAwait(Counts counts) {
			return (request, next) -> counts.raw(request.exchange())
				.then(next.handle(request))
				.cast(ServerResponse.class)
				.onErrorResume((ex) -> ServerResponse.badRequest().bodyValue("half a body"));
		}

		@Bean
		@AsyncMiddleware(path = "/afterNext")
		Await afterNext(Counts counts) {
			return (request, next) -> next.handle(request)
				.flatMap((response) -> counts.raw(request.exchange()).thenReturn(response));
		}

	}

	/**
	 * A middleware that awaits.
	 */
	@FunctionalInterface
	interface Await extends HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next);

	}

	/**
	 * Reads the form without blocking.
	 */
	static class Hook {

		private final Counts counts;

		Hook(Counts counts) {
			this.counts = counts;
		}

		@OnRequest
		Mono<Void> read(ServerWebExchange exchange) {
			return this.counts.form(exchange);
		}

	}

	/**
	 * Reads the form in a future.
	 */
	static class FutureHook {

		private final Counts counts;

		FutureHook(Counts counts) {
			this.counts = counts;
		}

		@OnRequest
		CompletionStage<Void> read(ServerWebExchange exchange) {
			return this.counts.form(exchange).toFuture();
		}

	}

	/**
	 * Reads the form and blocks until it is there.
	 */
	static class BlockingHook {

		private final Counts counts;

		BlockingHook(Counts counts) {
			this.counts = counts;
		}

		@OnRequest
		void read(ServerWebExchange exchange) {
			this.counts.form(exchange).block();
		}

	}

	/**
	 * Does nothing.
	 */
	static class PassingHook {

		@OnRequest
		Mono<Void> pass() {
			return Mono.empty();
		}

	}

	@RestController
	static class Handlers {

		private final Counts counts;

		Handlers(Counts counts) {
			this.counts = counts;
		}

		@RequestMapping("/passes/form")
		Mono<String> form(ServerWebExchange exchange) {
			return this.counts.form(exchange).thenReturn("read");
		}

		@RequestMapping("/passes/raw")
		Mono<String> raw(ServerWebExchange exchange) {
			return this.counts.raw(exchange).thenReturn("read");
		}

		@RequestMapping("/passes/body")
		Mono<String> body(@RequestBody Mono<String> body) {
			return body.doOnSubscribe((subscription) -> this.counts.reading.incrementAndGet());
		}

		@RequestMapping("/passes/advice")
		Mono<String> advice(ServerWebExchange exchange) {
			return this.counts.raw(exchange)
				.onErrorMap((ex) -> new IllegalStateException("Could not read", ex))
				.thenReturn("read");
		}

		@RequestMapping("/passes/echo")
		Mono<Void> echo(ServerWebExchange exchange) {
			DataBuffer first = DefaultDataBufferFactory.sharedInstance.wrap("first".getBytes(StandardCharsets.UTF_8));
			Flux<DataBuffer> rest = exchange.getRequest()
				.getBody()
				.doOnNext((part) -> this.counts.reading.incrementAndGet());
			return exchange.getResponse()
				.writeAndFlushWith(Flux.concat(Flux.just(Mono.just(first)), rest.map(Mono::just)));
		}

		@RequestMapping("/**")
		Mono<String> any() {
			this.counts.handled.incrementAndGet();
			return Mono.just("handled");
		}

	}

}
