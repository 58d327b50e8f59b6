package io.github.asyncmiddleware.blame;

import java.util.List;
import java.util.concurrent.CompletionStage;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
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
 * Tests for methods that return {@code null} in place of a publisher.
 */
@TestInstance(Lifecycle.PER_CLASS)
class NullResultIntegrationTests {

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@ParameterizedTest
	@CsvSource({ "nullFilter, NullFilter.filter", "nullAwait, NullAwait.filter", "nullMono, NullMono.load",
			"nullFuture, NullFuture.load", "nullFlux, NullFlux.load" })
	void areNamedWithTheirClass(String middleware, String method) {
		MeterChanges changes = this.server.changes();
		try (LogCapture log = LogCapture.ofAll()) {
			for (Protocol protocol : Protocol.values()) {
				Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/" + middleware);
				assertThat(answer.status()).isEqualTo(500);
				assertThat(answer.body()).doesNotContain(NullResultIntegrationTests.class.getSimpleName());
			}
			String misuse = "misuse " + middleware + " null_result";
			String own = "own " + middleware + " misused";
			assertThat(changes.after(2)).filteredOn((sample) -> !sample.contains("ttfb"))
				.containsExactly(misuse, misuse, own, own, "requests error_page", "requests error_page");
			assertNamed(log, method);
		}
	}

	@ParameterizedTest
	@CsvSource({ "nullFilter, NullFilter.filter", "nullAwait, NullAwait.filter", "nullMono, NullMono.load",
			"nullFuture, NullFuture.load", "nullFlux, NullFlux.load" })
	void areNamedWithTheirClassIfTheRequestGoesOnWithout(String middleware, String method) {
		MeterChanges changes = this.server.changes();
		try (LogCapture log = LogCapture.ofAll()) {
			for (Protocol protocol : Protocol.values()) {
				Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/" + middleware + "Skip");
				assertThat(answer.status()).isEqualTo(200);
			}
			assertThat(changes.after(2)).contains("misuse " + middleware + "Skip null_result", "requests ok");
			assertNamed(log, method);
		}
	}

	@ParameterizedTest
	@CsvSource({ "nullStamp, NullStamp.stamp", "nullFutureStamp, NullFutureStamp.stamp" })
	void areNamedWithTheirClassIfTheyWereToStampTheHead(String middleware, String method) {
		MeterChanges changes = this.server.changes();
		try (LogCapture log = LogCapture.ofAll()) {
			Answer answer = Client.exchange(Protocol.HTTP_1_1, this.server.port(), "GET", "/" + middleware);
			assertThat(answer.status()).isEqualTo(200);
			assertThat(changes.after(1)).contains("requests ok");
			assertNamed(log, method);
		}
	}

	/**
	 * The class may be written as the binary name or with dots.
	 */
	private static void assertNamed(LogCapture log, String method) {
		List<String> messages = log.lines().stream().filter((line) -> !line.startsWith("\tat ")).toList();
		assertThat(messages).anyMatch((line) -> line.replace('$', '.')
			.contains("io.github.asyncmiddleware.blame.NullResultIntegrationTests." + method));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@AsyncMiddleware(path = "/nullFilter")
		NullFilter nullFilter() {
			return new NullFilter();
		}

		@Bean
		@AsyncMiddleware(path = "/nullFilterSkip", onFailure = OnFailure.SKIP)
		NullFilter nullFilterSkip() {
			return new NullFilter();
		}

		@Bean
		@AsyncMiddleware(path = "/nullAwait")
		NullAwait nullAwait() {
			return new NullAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/nullAwaitSkip", onFailure = OnFailure.SKIP)
		NullAwait nullAwaitSkip() {
			return new NullAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/nullMono")
		NullMono nullMono() {
			return new NullMono();
		}

		@Bean
		@AsyncMiddleware(path = "/nullMonoSkip", onFailure = OnFailure.SKIP)
		NullMono nullMonoSkip() {
			return new NullMono();
		}

		@Bean
		@AsyncMiddleware(path = "/nullFuture")
		NullFuture nullFuture() {
			return new NullFuture();
		}

		@Bean
		@AsyncMiddleware(path = "/nullFutureSkip", onFailure = OnFailure.SKIP)
		NullFuture nullFutureSkip() {
			return new NullFuture();
		}

		@Bean
		@AsyncMiddleware(path = "/nullFlux")
		NullFlux nullFlux() {
			return new NullFlux();
		}

		@Bean
		@AsyncMiddleware(path = "/nullFluxSkip", onFailure = OnFailure.SKIP)
		NullFlux nullFluxSkip() {
			return new NullFlux();
		}

		@Bean
		@AsyncMiddleware(path = "/nullStamp")
		NullStamp nullStamp() {
			return new NullStamp();
		}

		@Bean
		@AsyncMiddleware(path = "/nullFutureStamp")
		NullFutureStamp nullFutureStamp() {
			return new NullFutureStamp();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	/**
	 * A filter.
	 */
	static class NullFilter implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return null;
		}

	}

	/**
	 * One that awaits.
	 */
	static class NullAwait implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return null;
		}

	}

	/**
	 * A hook.
	 */
	static class NullMono {

		@OnRequest
		Mono<Void> load() {
			return null;
		}

	}

	/**
	 * A hook.
	 */
	static class NullFuture {

		@OnRequest
		CompletionStage<Void> load() {
			return null;
		}

	}

	/**
	 * A hook.
	 */
	static class NullFlux {

		@OnRequest
		Flux<Void> load() {
			return null;
		}

	}

	/**
	 * A hook for the head.
	 */
	static class NullStamp {

		@OnResponse
		Mono<Void> stamp() {
			return null;
		}

	}

	/**
	 * A hook for the head.
	 */
	static class NullFutureStamp {

		@OnResponse
		CompletionStage<Void> stamp() {
			return null;
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
