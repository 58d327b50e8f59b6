package io.github.asyncmiddleware.ends;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.annotation.GetMapping;
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
 * Tests for clients that leave while a middleware works on another thread.
 */
@TestInstance(Lifecycle.PER_CLASS)
class LeavingWhileBlockingIntegrationTests {

	private static final int AT_A_TIME = 20;

	private static final String NUMBER = "X-Number";

	private BootServer server;

	private Arrivals arrivals;

	@BeforeAll
	void start() {
		// To start a thread, as the futures do, can block for long where the processors
		// are taken
		this.server = BootServer.start(Application.class, "async-middleware.blocking-watch.enabled=false");
		this.arrivals = this.server.bean(Arrivals.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@ParameterizedTest
	@CsvSource({ "plain, RST, 500", "plainSkip, RST, 500", "wraps, RST, 200", "wrapsSkip, RST, 200", "future, RST, 200",
			"futureSkip, RST, 200", "filter, RST, 200", "filterSkip, RST, 200", "await, RST, 200",
			"awaitSkip, RST, 200", "plain, RST_STREAM, 500", "plainSkip, RST_STREAM, 500", "wraps, RST_STREAM, 200",
			"filter, RST_STREAM, 200", "await, RST_STREAM, 200" })
	void isNoFailureOfTheMiddleware(String middleware, Leaving leaving, int clients) throws Exception {
		this.arrivals.expect(clients);
		MeterChanges changes = this.server.changes();
		try (LogCapture log = LogCapture.ofOurs()) {
			leave("/" + middleware, leaving, clients);
			List<String> recorded = changes.after(clients);
			assertThat(recorded).filteredOn((sample) -> sample.startsWith("own "))
				.hasSize(clients)
				.contains("own " + middleware + " cancelled")
				.isSubsetOf("own " + middleware + " cancelled", "own " + middleware + " passed");
			assertThat(recorded).filteredOn((sample) -> sample.startsWith("requests "))
				.hasSize(clients)
				.isSubsetOf("requests ok", "requests gone_before_head", "requests gone_after_head");
			assertThat(log.events()).isEmpty();
		}
	}

	private void leave(String path, Leaving leaving, int clients) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(AT_A_TIME);
		try {
			List<? extends Future<?>> futures = IntStream.range(0, clients).mapToObj((i) -> executor.submit(() -> {
				try (Client client = leaving.protocol().connect(this.server.port())) {
					client.head("GET", path, true, NUMBER + ": " + i);
					// A reset takes a request away that was not read yet
					this.arrivals.await(i);
					Thread.sleep(i % 21);
					client.leave(leaving);
				}
				return null;
			})).toList();
			for (Future<?> future : futures) {
				future.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	private static void work() throws InterruptedException {
		Thread.sleep(15);
	}

	private static Mono<Void> elsewhere() {
		return Mono.<Void>fromCallable(() -> {
			work();
			return null;
		}).subscribeOn(Schedulers.boundedElastic());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(HeapBuffers.class)
	static class Application {

		@Bean
		Arrivals arrivals() {
			return new Arrivals();
		}

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		WebFilter counts(Arrivals arrivals) {
			return (exchange, chain) -> {
				arrivals.arrived(exchange.getRequest().getHeaders().getFirst(NUMBER));
				return chain.filter(exchange);
			};
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		@AsyncMiddleware(path = "/plain")
		Plain plain() {
			return new Plain();
		}

		@Bean
		@AsyncMiddleware(path = "/plainSkip", onFailure = OnFailure.SKIP)
		Plain plainSkip() {
			return new Plain();
		}

		@Bean
		@AsyncMiddleware(path = "/wraps")
		Wraps wraps() {
			return new Wraps();
		}

		@Bean
		@AsyncMiddleware(path = "/wrapsSkip", onFailure = OnFailure.SKIP)
		Wraps wrapsSkip() {
			return new Wraps();
		}

		@Bean
		@AsyncMiddleware(path = "/future")
		Futures future() {
			return new Futures();
		}

		@Bean
		@AsyncMiddleware(path = "/futureSkip", onFailure = OnFailure.SKIP)
		Futures futureSkip() {
			return new Futures();
		}

		@Bean
		@AsyncMiddleware(path = "/filter")
		Offloading filter() {
			return new Offloading();
		}

		@Bean
		@AsyncMiddleware(path = "/filterSkip", onFailure = OnFailure.SKIP)
		Offloading filterSkip() {
			return new Offloading();
		}

		@Bean
		@AsyncMiddleware(path = "/await")
		OffloadingAwait await() {
			return new OffloadingAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/awaitSkip", onFailure = OnFailure.SKIP)
		OffloadingAwait awaitSkip() {
			return new OffloadingAwait();
		}

	}

	/**
	 * The requests that the server has read.
	 */
	static class Arrivals {

		private volatile List<CountDownLatch> latches = List.of();

		void expect(int requests) {
			this.latches = Stream.generate(() -> new CountDownLatch(1)).limit(requests).toList();
		}

		void arrived(@Nullable String number) {
			if (number != null) {
				this.latches.get(Integer.parseInt(number)).countDown();
			}
		}

		void await(int number) throws InterruptedException {
			assertThat(this.latches.get(number).await(30, TimeUnit.SECONDS)).as("request %d", number).isTrue();
		}

	}

	/**
	 * Blocks another thread.
	 */
	static class Offloading implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return elsewhere().then(chain.filter(exchange));
		}

	}

	/**
	 * Blocks another thread, and awaits.
	 */
	static class OffloadingAwait implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return elsewhere().then(next.handle(request)).cast(ServerResponse.class);
		}

	}

	/**
	 * Blocks, as a plain hook may.
	 */
	static class Plain {

		@OnRequest
		void load() throws InterruptedException {
			work();
		}

	}

	/**
	 * Makes something else of being interrupted, as many libraries do.
	 */
	static class Wraps {

		@OnRequest
		void load() {
			try {
				work();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException("No connection", ex);
			}
		}

	}

	/**
	 * Blocks another thread.
	 */
	static class Futures {

		@OnRequest
		CompletionStage<Void> load() {
			return CompletableFuture.runAsync(() -> {
				try {
					work();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
			});
		}

	}

	@RestController
	static class Handlers {

		@GetMapping("/**")
		Mono<String> any() {
			return Mono.just("handled");
		}

	}

}
