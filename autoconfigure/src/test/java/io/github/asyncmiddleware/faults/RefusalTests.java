package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a middleware that starts the rest of the chain and does not look at how that
 * ends: the client is told.
 */
class RefusalTests {

	/** Where an await middleware tells that it has completed. */
	private static final String COMPLETED = "completed";

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "native", "native-later", "await", "deliberate");

	private static final List<String> STYLES = List.of("native", "native-later", "await");

	/** Who refuses: the handler, an inner middleware, or no handler at all. */
	private static final List<String> REFUSALS = List.of("404", "418", "500", "inner/403", "hook/403", "nowhere/404");

	static Stream<Arguments> errors() {
		return Cases.of(STYLES, List.of("now", "later"), REFUSALS, Cases.METHODS, Cases.protocols(),
				List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("errors")
	void theErrorOfTheRestBelongsToTheClient(String style, String when, String refusal, String method,
			Protocol protocol, OnFailure onFailure) {
		Exchange exchange = servers.get(onFailure)
			.exchange(protocol, method, "/" + style + "/" + when + "/error/" + refusal);
		int status = Integer.parseInt(refusal.substring(refusal.indexOf('/') + 1));
		assertThat(exchange.answer().status()).isEqualTo(status);
		if (method.equals("GET")) {
			assertThat(exchange.answer().body()).contains("\"status\":" + status);
		}
		if (refusal.contains("inner") || refusal.contains("hook")) {
			exchange.assertRecorded("error_page " + status, style + " passed",
					refusal.substring(0, refusal.indexOf('/')) + " failed", "misuse " + style + " unawaited_next");
		}
		else {
			exchange.assertRecorded("error_page " + status, style + " passed", "misuse " + style + " unawaited_next");
		}
	}

	static Stream<Arguments> answers() {
		Stream<Arguments> unseen = Cases.of(List.of("native", "native-later"), List.of("now", "later"),
				List.of(404, 418), Cases.METHODS, Cases.protocols(), List.of(OnFailure.values()));
		// An answer that has reached an await middleware at once was dropped by it
		return Stream.concat(unseen, Cases.of(List.of("await"), List.of("later"), List.of(404, 418), Cases.METHODS,
				Cases.protocols(), List.of(OnFailure.values())));
	}

	@ParameterizedTest
	@MethodSource("answers")
	void theAnswerOfTheRestBelongsToTheClient(String style, String when, int status, String method, Protocol protocol,
			OnFailure onFailure) {
		Exchange exchange = servers.get(onFailure)
			.exchange(protocol, method, "/" + style + "/" + when + "/answer/" + status);
		assertThat(exchange.answer().status()).isEqualTo(status);
		assertThat(exchange.answer().body()).isEqualTo(method.equals("HEAD") ? "" : "refused");
	}

	static Stream<Arguments> deliberate() {
		return Cases.of(List.of("now", "later"), REFUSALS, Cases.METHODS, Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("deliberate")
	void anErrorThatIsSwallowedOnPurposeIsSwallowed(String when, String refusal, String method, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.FAIL)
			.exchange(protocol, method, "/deliberate/" + when + "/error/" + refusal);
		assertThat(exchange.answer().text()).isEqualTo("200");
		if (refusal.contains("inner") || refusal.contains("hook")) {
			exchange.assertRecorded("ok 200", "deliberate passed",
					refusal.substring(0, refusal.indexOf('/')) + " failed");
		}
		else {
			exchange.assertRecorded("ok 200", "deliberate passed");
		}
	}

	/**
	 * Middlewares that do not wait for what they have started.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean("native")
		@AsyncMiddleware(order = 10, path = "/native/**")
		WebFilter plain() {
			return (exchange, chain) -> {
				chain.filter(exchange).subscribe((done) -> {
				}, (ex) -> {
				});
				return Mono.empty();
			};
		}

		@Bean("native-later")
		@AsyncMiddleware(order = 10, path = "/native-later/**")
		WebFilter plainLater() {
			return (exchange, chain) -> {
				chain.filter(exchange).subscribe((done) -> {
				}, (ex) -> {
				});
				return Mono.delay(Duration.ofMillis(5)).then();
			};
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> {
				Sinks.Empty<Void> completed = Sinks.empty();
				request.exchange().getAttributes().put(COMPLETED, completed.asMono());
				next.handle(request).subscribe((done) -> {
				}, (ex) -> {
				});
				return Mono.<ServerResponse>empty().doFinally((signal) -> completed.tryEmitEmpty());
			};
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/deliberate/**")
		WebFilter deliberate() {
			return (exchange, chain) -> chain.filter(exchange).onErrorResume((ex) -> Mono.empty());
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/*/*/error/inner/**")
		WebFilter inner() {
			return (exchange, chain) -> refuse(exchange);
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/*/*/error/hook/**")
		RefusingHook hook() {
			return new RefusingHook();
		}

		/**
		 * Fail with the status that is in the path, when the path says so.
		 */
		static <T> Mono<T> refuse(ServerWebExchange exchange) {
			int status = Integer.parseInt(Texts.lastOf(exchange));
			Mono<T> error = Mono.error((status == 500) ? new IllegalStateException("fails")
					: new ResponseStatusException(HttpStatusCode.valueOf(status)));
			return Texts.part(exchange, 1).equals("now") ? error : Mono.delay(Duration.ofMillis(20)).then(error);
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	/**
	 * Refuses with an exception.
	 */
	static class RefusingHook {

		@OnRequest
		Mono<Void> refuse(ServerWebExchange exchange) {
			return App.refuse(exchange);
		}

	}

	/**
	 * Handlers that refuse with an exception, and with an answer.
	 */
	@RestController
	static class Endpoints {

		@GetMapping("/{style}/{when}/error/{status}")
		Mono<String> error(ServerWebExchange exchange) {
			return App.refuse(exchange);
		}

		@GetMapping("/{style}/{when}/answer/{status}")
		Mono<ResponseEntity<String>> answer(ServerWebExchange exchange) {
			ResponseEntity<String> answer = ResponseEntity.status(Integer.parseInt(Texts.lastOf(exchange)))
				.body("refused");
			if (Texts.part(exchange, 1).equals("now")) {
				return Mono.just(answer);
			}
			Mono<Void> later = exchange.getAttributeOrDefault(COMPLETED, Mono.delay(Duration.ofMillis(20)).then());
			return later.publishOn(Schedulers.parallel()).thenReturn(answer);
		}

	}

}
