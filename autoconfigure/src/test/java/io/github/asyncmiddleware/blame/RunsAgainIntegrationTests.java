package io.github.asyncmiddleware.blame;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for foreign filters that run the chain behind them more than once.
 */
@TestInstance(Lifecycle.PER_CLASS)
class RunsAgainIntegrationTests {

	private static final List<String> STYLES = List.of("native", "waiting", "await", "hook", "blocking", "skip");

	private BootServer server;

	private AtomicInteger handled;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
		this.handled = this.server.bean(AtomicInteger.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	/**
	 * How the chain is run again, where, and the style of the first middleware behind.
	 */
	static Stream<Arguments> again() {
		return Stream.of("then", "thenTheSame", "switchIfEmpty", "repeat", "when")
			.flatMap((again) -> Stream.of("outside", "between")
				.flatMap((where) -> STYLES.stream().map((style) -> Arguments.of(again, where, style))));
	}

	@ParameterizedTest
	@MethodSource("again")
	void areNotTheFaultOfTheMiddlewareBehind(String again, String where, String style) {
		MeterChanges changes = this.server.changes();
		List<String> expected = new ArrayList<>();
		List<String> answers = new ArrayList<>();
		try (LogCapture log = LogCapture.ofOurs()) {
			for (Protocol protocol : Protocol.values()) {
				for (String request : List.of("GET body 200 handled", "GET later 200 handled", "GET empty 200 ",
						"GET nothing 204 ", "HEAD body 200 ", "HEAD empty 200 ", "POST body 200 handled",
						"POST empty 200 ")) {
					String[] parts = request.split(" ");
					expected.add(protocol + " " + request + ", complete, handled 1 times");
					answers.add(protocol + " " + parts[0] + " " + parts[1] + " "
							+ call(protocol, parts[0], "/" + style + "/" + parts[1], again, where));
				}
			}
			List<String> recorded = changes.after(expected.size());
			assertThat(answers).containsExactlyElementsOf(expected);
			assertPassed(recorded, style, expected.size());
			assertThat(log.events()).noneMatch((event) -> event.contains("_next]"));
		}
	}

	private String call(Protocol protocol, String method, String path, String again, String where) {
		this.handled.set(0);
		Answer answer = Client.exchange(protocol, this.server.port(), method, path, "X-Again: " + again,
				"X-Where: " + where);
		return answer.status() + " " + answer.body() + (answer.complete() ? ", complete" : ", cut") + ", handled "
				+ this.handled + " times";
	}

	/**
	 * All that counts, once for each request.
	 */
	private static void assertPassed(List<String> recorded, String style, int requests) {
		assertThat(recorded).filteredOn((sample) -> !sample.contains("ttfb"))
			.containsExactlyInAnyOrderElementsOf(
					Stream.of("own first passed", "own " + style + " passed", "requests ok")
						.flatMap((sample) -> Collections.nCopies(requests, sample).stream())
						.toList());
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("request.ttfb ")).hasSize(requests);
		assertThat(recorded).filteredOn((sample) -> sample.startsWith("ttfb ")).hasSize(2 * requests);
	}

	static Stream<Arguments> retries() {
		return Stream.of("outside", "between")
			.flatMap((where) -> STYLES.stream()
				.flatMap((style) -> Stream.of(Protocol.values())
					.map((protocol) -> Arguments.of(protocol, where, style))));
	}

	@ParameterizedTest
	@MethodSource("retries")
	void runItAgainAfterAnErrorWithNoHead(Protocol protocol, String where, String style) {
		for (String method : List.of("GET", "HEAD", "POST")) {
			MeterChanges changes = this.server.changes();
			assertThat(call(protocol, method, "/" + style + "/failsOnce", "retry", where))
				.isEqualTo("200 " + (method.equals("HEAD") ? "" : "handled") + ", complete, handled 2 times");
			assertPassed(changes.after(1), style, 1);
		}
	}

	@Test
	void areTold() {
		// A slow start of a thread is a block, and has a line of its own
		try (BootServer fresh = BootServer.start(Application.class, "async-middleware.blocking-watch.enabled=false");
				LogCapture log = LogCapture.ofOurs()) {
			MeterChanges changes = fresh.changes();
			Client.exchange(Protocol.HTTP_1_1, fresh.port(), "GET", "/native/body", "X-Again: then",
					"X-Where: outside");
			changes.after(1);
			assertThat(log.events()).singleElement().asString().contains("again");
		}
	}

	static Mono<Void> run(ServerWebExchange exchange, WebFilterChain chain, String where) {
		if (!where.equals(exchange.getRequest().getHeaders().getFirst("X-Where"))) {
			return chain.filter(exchange);
		}
		Mono<Void> rest = chain.filter(exchange);
		return switch (String.valueOf(exchange.getRequest().getHeaders().getFirst("X-Again"))) {
			case "then" -> rest.then(Mono.defer(() -> chain.filter(exchange)));
			case "thenTheSame" -> rest.then(rest);
			case "switchIfEmpty" -> rest.switchIfEmpty(chain.filter(exchange));
			case "repeat" -> rest.repeat(2).then();
			case "when" -> Mono.when(rest, chain.filter(exchange));
			case "retry" -> rest.retry(1);
			default -> rest;
		};
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		AtomicInteger handled() {
			return new AtomicInteger();
		}

		@Bean
		Handlers handlers(AtomicInteger handled) {
			return new Handlers(handled);
		}

		@Bean
		@Order(-30)
		WebFilter outside() {
			return (exchange, chain) -> run(exchange, chain, "outside");
		}

		@Bean
		@AsyncMiddleware(order = -20)
		WebFilter first() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@Order(-10)
		WebFilter between() {
			return (exchange, chain) -> run(exchange, chain, "between");
		}

		@Bean("native")
		@AsyncMiddleware(path = "/native/*")
		WebFilter nativeStyle() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(path = "/waiting/*")
		WebFilter waiting() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/await/*")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> next.handle(request).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/hook/*")
		Hook hook() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/blocking/*")
		Blocking blocking() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(path = "/skip/*", onFailure = OnFailure.SKIP, timeout = "9s")
		WebFilter skip() {
			return (exchange, chain) -> Mono.defer(() -> chain.filter(exchange));
		}

	}

	/**
	 * Passes on without blocking.
	 */
	static class Hook {

		@OnRequest
		Mono<Void> load() {
			return Mono.empty();
		}

	}

	/**
	 * Passes on from another thread.
	 */
	static class Blocking {

		@OnRequest
		void load() {
		}

	}

	@RestController
	static class Handlers {

		private final AtomicInteger handled;

		Handlers(AtomicInteger handled) {
			this.handled = handled;
		}

		@RequestMapping("/*/body")
		Mono<String> body() {
			this.handled.incrementAndGet();
			return Mono.just("handled");
		}

		@RequestMapping("/*/later")
		Mono<String> later() {
			this.handled.incrementAndGet();
			return Mono.delay(Duration.ofMillis(5)).thenReturn("handled");
		}

		@RequestMapping("/*/empty")
		Mono<Void> empty() {
			this.handled.incrementAndGet();
			return Mono.empty();
		}

		@RequestMapping("/*/nothing")
		Mono<ResponseEntity<Void>> nothing() {
			this.handled.incrementAndGet();
			return Mono.just(ResponseEntity.noContent().build());
		}

		@RequestMapping("/*/failsOnce")
		Mono<String> failsOnce() {
			return (this.handled.incrementAndGet() == 1) ? Mono.error(new IllegalStateException("once"))
					: Mono.just("handled");
		}

	}

}
