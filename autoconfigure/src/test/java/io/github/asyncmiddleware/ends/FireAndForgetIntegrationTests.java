package io.github.asyncmiddleware.ends;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that leave a middleware that has subscribed to the rest of the chain
 * by itself.
 */
@TestInstance(Lifecycle.PER_CLASS)
class FireAndForgetIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private BootServer server;

	private Effects effects;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
		this.effects = this.server.bean(Effects.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	static Stream<Arguments> forgetting() {
		return Stream
			.of("thenWaits", "thenWaitsSkip", "thenCompletes", "thenCompletesSkip", "elsewhere", "twoLevels",
					"awaitThenWaits", "awaitThenAnswers")
			.flatMap((name) -> Stream.of(Leaving.values()).map((leaving) -> Arguments.of(name, leaving)));
	}

	@ParameterizedTest
	@MethodSource("forgetting")
	void takeTheRestOfTheChainWithThem(String middleware, Leaving leaving) {
		this.effects.clear();
		MeterChanges changes = this.server.changes();
		try (Client client = leaving.protocol().connect(this.server.port())) {
			client.head("POST", "/" + middleware, true, "Content-Length: 0");
			Awaitility.await().atMost(PATIENCE).until(() -> this.effects.started.get() == 1);
			client.leave(leaving);
			Awaitility.await()
				.atMost(PATIENCE)
				.until(() -> this.effects.done.get() + this.effects.cancelled.get() == 1);
			assertThat(this.effects.done).as("effects after the client has left").hasValue(0);
			List<String> recorded = changes.after(1);
			assertThat(recorded).contains("requests gone_before_head").noneMatch((sample) -> sample.contains("ttfb"));
			assertThat(recorded).filteredOn((sample) -> sample.startsWith("own "))
				.hasSize(middleware.equals("twoLevels") ? 2 : 1)
				.noneMatch((sample) -> sample.contains("fail"));
		}
	}

	/**
	 * What the handler has done.
	 */
	static class Effects {

		final AtomicInteger started = new AtomicInteger();

		final AtomicInteger done = new AtomicInteger();

		final AtomicInteger cancelled = new AtomicInteger();

		void clear() {
			this.started.set(0);
			this.done.set(0);
			this.cancelled.set(0);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(HeapBuffers.class)
	static class Application {

		@Bean
		Effects effects() {
			return new Effects();
		}

		@Bean
		Handlers handlers(Effects effects) {
			return new Handlers(effects);
		}

		@Bean
		@AsyncMiddleware(path = "/thenWaits")
		ThenWaits thenWaits() {
			return new ThenWaits();
		}

		@Bean
		@AsyncMiddleware(path = "/thenWaitsSkip", onFailure = OnFailure.SKIP)
		ThenWaits thenWaitsSkip() {
			return new ThenWaits();
		}

		@Bean
		@AsyncMiddleware(path = "/thenCompletes")
		ThenCompletes thenCompletes() {
			return new ThenCompletes();
		}

		@Bean
		@AsyncMiddleware(path = "/thenCompletesSkip", onFailure = OnFailure.SKIP)
		ThenCompletes thenCompletesSkip() {
			return new ThenCompletes();
		}

		@Bean
		@AsyncMiddleware(path = "/elsewhere")
		WebFilter elsewhere() {
			return (exchange, chain) -> {
				chain.filter(exchange).subscribeOn(Schedulers.parallel()).subscribe();
				return Mono.never();
			};
		}

		@Bean
		@AsyncMiddleware(path = "/twoLevels", order = 1)
		ThenWaits twoLevels() {
			return new ThenWaits();
		}

		@Bean
		@AsyncMiddleware(path = "/twoLevels", order = 2)
		ThenCompletes twoLevelsInner() {
			return new ThenCompletes();
		}

		@Bean
		@AsyncMiddleware(path = "/awaitThenWaits")
		HandlerFilterFunction<LiveResponse, ServerResponse> awaitThenWaits() {
			return (request, next) -> {
				next.handle(request).subscribe();
				return Mono.delay(PATIENCE).then(ServerResponse.ok().build());
			};
		}

		@Bean
		@AsyncMiddleware(path = "/awaitThenAnswers")
		HandlerFilterFunction<LiveResponse, ServerResponse> awaitThenAnswers() {
			return (request, next) -> {
				next.handle(request).subscribe();
				return Mono.empty();
			};
		}

	}

	/**
	 * Subscribes, and has a lot more to do.
	 */
	static class ThenWaits implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			chain.filter(exchange).subscribe();
			return Mono.delay(PATIENCE).then();
		}

	}

	/**
	 * Subscribes, and has nothing more to do.
	 */
	static class ThenCompletes implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			chain.filter(exchange).subscribe();
			return Mono.empty();
		}

	}

	@RestController
	static class Handlers {

		private final Effects effects;

		Handlers(Effects effects) {
			this.effects = effects;
		}

		@RequestMapping("/**")
		Mono<String> orders() {
			return Mono.delay(Duration.ofSeconds(5))
				.doOnSubscribe((subscription) -> this.effects.started.incrementAndGet())
				.doOnCancel(this.effects.cancelled::incrementAndGet)
				.map((done) -> "order " + this.effects.done.incrementAndGet());
		}

	}

}
