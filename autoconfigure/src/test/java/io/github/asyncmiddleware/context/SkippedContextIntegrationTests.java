package io.github.asyncmiddleware.context;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.context.ContextRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the thread-locals of the rest of the chain when a middleware was given up,
 * with the automatic context propagation of Reactor.
 */
@TestInstance(Lifecycle.PER_CLASS)
class SkippedContextIntegrationTests {

	private static final String KEY = "skipped-tests";

	private static final ThreadLocal<@Nullable String> TENANT = new ThreadLocal<>();

	private BootServer server;

	@BeforeAll
	void start() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, TENANT);
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
		ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
	}

	@BeforeEach
	void propagate() {
		Hooks.enableAutomaticContextPropagation();
	}

	@AfterEach
	void reset() {
		Hooks.disableAutomaticContextPropagation();
	}

	static Stream<Arguments> skipped() {
		return Stream
			.of("plainTimeout", "native", "await", "hook", "futureHook", "blockingHook", "group", "nativeFails",
					"awaitFails", "futureFails")
			.flatMap((name) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(name, protocol)));
	}

	@ParameterizedTest
	@MethodSource("skipped")
	void areThoseOfItsContext(String name, Protocol protocol) {
		for (int i = 0; i < 6; i++) {
			String tenant = "tenant-" + i;
			Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/" + name, "X-Tenant: " + tenant);
			assertThat(answer.body())
				.isEqualTo("filter %1$s, hook %1$s, handler %1$s, operator %1$s".formatted(tenant));
			Answer nobody = Client.exchange(protocol, this.server.port(), "GET", "/" + name);
			assertThat(nobody.body()).isEqualTo("filter null, hook null, handler null, operator null");
		}
	}

	private static void note(ServerWebExchange exchange, String who) {
		exchange.getAttributes().merge("seen", who + " " + TENANT.get(), (before, now) -> before + ", " + now);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		WebFilter tenant() {
			return (exchange, chain) -> {
				String tenant = exchange.getRequest().getHeaders().getFirst("X-Tenant");
				Mono<Void> rest = chain.filter(exchange);
				return (tenant != null) ? rest.contextWrite((context) -> context.put(KEY, tenant)) : rest;
			};
		}

		/**
		 * What Reactor does by itself, to compare with.
		 */
		@Bean
		@Order(0)
		WebFilter plainTimeout() {
			return (exchange, chain) -> exchange.getRequest().getPath().value().equals("/plainTimeout")
					? Mono.<Void>never().timeout(Duration.ofMillis(50), Mono.defer(() -> chain.filter(exchange)))
					: chain.filter(exchange);
		}

		@Bean("native")
		@AsyncMiddleware(order = 1, path = "/native", timeout = "50ms", onFailure = OnFailure.SKIP)
		WebFilter nativeStyle() {
			return (exchange, chain) -> Mono.delay(Duration.ofSeconds(10)).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/await", timeout = "50ms", onFailure = OnFailure.SKIP)
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request,
					next) -> Mono.delay(Duration.ofSeconds(10)).then(next.handle(request)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/hook", timeout = "50ms", onFailure = OnFailure.SKIP)
		Hook hook() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/futureHook", timeout = "50ms", onFailure = OnFailure.SKIP)
		FutureHook futureHook() {
			return new FutureHook();
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/blockingHook", timeout = "50ms", onFailure = OnFailure.SKIP)
		BlockingHook blockingHook() {
			return new BlockingHook();
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/group", timeout = "50ms", onFailure = OnFailure.SKIP, concurrent = true)
		Hook group1() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/group", timeout = "60ms", onFailure = OnFailure.SKIP, concurrent = true)
		FutureHook group2() {
			return new FutureHook();
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/nativeFails", onFailure = OnFailure.SKIP)
		WebFilter nativeFails() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(5))
				.then(Mono.error(new IllegalStateException("fails")));
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/awaitFails", onFailure = OnFailure.SKIP)
		HandlerFilterFunction<LiveResponse, ServerResponse> awaitFails() {
			return (request, next) -> Mono.delay(Duration.ofMillis(5))
				.then(Mono.error(new IllegalStateException("fails")));
		}

		@Bean
		@AsyncMiddleware(order = 1, path = "/futureFails", onFailure = OnFailure.SKIP)
		FutureFails futureFails() {
			return new FutureFails();
		}

		@Bean
		@AsyncMiddleware(order = 2)
		WebFilter seesNative() {
			return (exchange, chain) -> {
				note(exchange, "filter");
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 3)
		SeesHook seesHook() {
			return new SeesHook();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	/**
	 * Is never ready.
	 */
	static class Hook {

		@OnRequest
		Mono<Void> load() {
			return Mono.never();
		}

	}

	/**
	 * Is never ready.
	 */
	static class FutureHook {

		@OnRequest
		CompletionStage<Void> load() {
			return new CompletableFuture<>();
		}

	}

	/**
	 * Is not ready soon.
	 */
	static class BlockingHook {

		@OnRequest
		void load() throws InterruptedException {
			Thread.sleep(10_000);
		}

	}

	/**
	 * Fails on a thread that knows nothing.
	 */
	static class FutureFails {

		@OnRequest
		CompletionStage<Void> load() {
			return CompletableFuture.runAsync(() -> {
				throw new IllegalStateException("fails");
			}, CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS));
		}

	}

	/**
	 * Looks at the thread.
	 */
	static class SeesHook {

		@OnRequest(blocking = false)
		void load(ServerWebExchange exchange) {
			note(exchange, "hook");
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/**")
		Mono<String> any(ServerWebExchange exchange) {
			note(exchange, "handler");
			return Mono.just(exchange).map((same) -> {
				note(same, "operator");
				return same.getRequiredAttribute("seen");
			});
		}

	}

}
