package io.github.asyncmiddleware.blame;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for foreign filters that hold the event loop while a middleware is at work
 * somewhere else.
 */
@TestInstance(Lifecycle.PER_CLASS)
class HeldThreadIntegrationTests {

	private static final Duration HOLD = Duration.ofMillis(400);

	private static final int WORK = 250;

	private static final int TIMES = 2;

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class, "async-middleware.blocking-watch.threshold=50ms");
		for (Protocol protocol : Protocol.values()) {
			// What runs for the first time is slow by itself
			for (String path : List.of("/filter", "/await", "/answers", "/hook", "/futureHook", "/blocking",
					"/blockingTwice", "/group", "/guilty", "/guiltyBeforeTheHead", "/none")) {
				Client.exchange(protocol, this.server.port(), "GET", path, "X-Hold: nowhere");
			}
		}
		// The watch tells of a block when it is over
		this.server.changes().blocked();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	static Stream<Arguments> innocent() {
		return Stream.of("outside", "between")
			.flatMap((where) -> Stream.of("filter", "await", "hook", "futureHook", "blocking", "blockingTwice", "group")
				.flatMap(
						(name) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(where, name, protocol))));
	}

	@ParameterizedTest
	@MethodSource("innocent")
	void areNotTakenForTheMiddlewareThatIsElsewhere(String where, String middleware, Protocol protocol) {
		MeterChanges changes = this.server.changes();
		try (LogCapture log = LogCapture.ofOurs()) {
			for (int i = 0; i < TIMES; i++) {
				Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/" + middleware,
						"X-Hold: " + where);
				assertThat(answer.body()).isEqualTo("handled");
			}
			changes.after(TIMES);
			// The watch does see who it is
			Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> !changes.blocked().isEmpty());
			assertThat(changes.blocked()).containsOnly("app");
			assertThat(log.events())
				.noneMatch((event) -> event.contains("'" + middleware) || event.contains("'first'"));
		}
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void areNotTakenForTheMiddlewareThatHasAnswered(Protocol protocol) {
		MeterChanges changes = this.server.changes();
		for (int i = 0; i < TIMES; i++) {
			Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/answers", "X-Hold: action");
			assertThat(answer.status()).isEqualTo(403);
		}
		changes.after(TIMES);
		Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> !changes.blocked().isEmpty());
		assertThat(changes.blocked()).containsOnly("app");
	}

	@ParameterizedTest
	@MethodSource("guilty")
	void leaveTheBlameWithTheMiddlewareThatIsThere(String middleware, Protocol protocol) {
		MeterChanges changes = this.server.changes();
		for (int i = 0; i < TIMES; i++) {
			Client.exchange(protocol, this.server.port(), "GET", "/" + middleware, "X-Hold: nowhere");
		}
		changes.after(TIMES);
		Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> !changes.blocked().isEmpty());
		assertThat(changes.blocked()).containsOnly(middleware);
	}

	static Stream<Arguments> guilty() {
		return Stream.of("guilty", "guiltyBeforeTheHead")
			.flatMap(
					(middleware) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(middleware, protocol)));
	}

	static void hold() {
		try {
			Thread.sleep(HOLD.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@Order(-30)
		Holds outside() {
			return new Holds("outside");
		}

		@Bean
		@AsyncMiddleware(order = -20)
		WebFilter first() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@Order(-10)
		Holds between() {
			return new Holds("between");
		}

		@Bean
		@AsyncMiddleware(path = "/filter")
		WebFilter filter() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(WORK)).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/await")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request,
					next) -> Mono.delay(Duration.ofMillis(WORK)).then(next.handle(request)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/answers")
		WebFilter answers() {
			return (exchange, chain) -> {
				exchange.getResponse().setStatusCode(HttpStatus.FORBIDDEN);
				return exchange.getResponse().setComplete();
			};
		}

		@Bean
		@AsyncMiddleware(path = "/hook")
		Hook hook() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/futureHook")
		FutureHook futureHook() {
			return new FutureHook();
		}

		@Bean
		@AsyncMiddleware(path = "/blocking")
		Blocking blocking() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(path = "/blockingTwice")
		Blocking blockingTwice1() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(path = "/blockingTwice")
		Blocking blockingTwice2() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(path = "/group", concurrent = true)
		Blocking group1() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(path = "/group", concurrent = true)
		Hook group2() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/guilty")
		Guilty guilty() {
			return new Guilty();
		}

		@Bean
		@AsyncMiddleware(path = "/guiltyBeforeTheHead")
		GuiltyBeforeTheHead guiltyBeforeTheHead() {
			return new GuiltyBeforeTheHead();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	/**
	 * Subscribes to the rest of the chain and then holds its thread.
	 */
	static class Holds implements WebFilter {

		private final String where;

		Holds(String where) {
			this.where = where;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			if (this.where.equals("outside")
					&& "action".equals(exchange.getRequest().getHeaders().getFirst("X-Hold"))) {
				exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(HeldThreadIntegrationTests::hold));
			}
			Mono<Void> rest = chain.filter(exchange);
			if (!this.where.equals(exchange.getRequest().getHeaders().getFirst("X-Hold"))) {
				return rest;
			}
			return new Mono<>() {

				@Override
				public void subscribe(CoreSubscriber<? super Void> actual) {
					rest.subscribe(actual);
					hold();
				}

			};
		}

	}

	/**
	 * Waits on no thread.
	 */
	static class Hook {

		@OnRequest
		Mono<Void> load() {
			return Mono.delay(Duration.ofMillis(WORK)).then();
		}

	}

	/**
	 * Waits on no thread.
	 */
	static class FutureHook {

		@OnRequest
		CompletionStage<Void> load() {
			return CompletableFuture.runAsync(() -> {
			}, CompletableFuture.delayedExecutor(WORK, TimeUnit.MILLISECONDS));
		}

	}

	/**
	 * Waits on a thread where it may.
	 */
	static class Blocking {

		@OnRequest
		void load() throws InterruptedException {
			Thread.sleep(WORK);
		}

	}

	/**
	 * Waits on a thread where it may not.
	 */
	static class Guilty implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			hold();
			return chain.filter(exchange);
		}

	}

	/**
	 * Waits where it may not, when the response waits for what it has returned. The code
	 * that blocks is not its own, so the stack does not tell.
	 */
	static class GuiltyBeforeTheHead {

		@OnResponse
		Mono<Void> add() {
			return Mono.fromRunnable(HeldThreadIntegrationTests::hold);
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/**")
		Mono<String> any() {
			return Mono.just("handled");
		}

	}

}
