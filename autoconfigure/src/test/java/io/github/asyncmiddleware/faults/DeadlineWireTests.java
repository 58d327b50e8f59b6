package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for timeouts that pass while a middleware is about to answer itself.
 */
class DeadlineWireTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "replaces", "recovers");

	static Stream<Arguments> slowBodies() {
		return Cases.of(List.of("mono", "flux", "never", "never-flux", "late-response"), List.of("text", "stream"),
				Cases.METHODS, Cases.protocols(), List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("slowBodies")
	void aBodyOfItsOwnThatIsTooSlowFailsTheRequestSinceTheOriginalIsGone(String body, String answer, String method,
			Protocol protocol, OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		int logged = server.log().size();
		long start = System.nanoTime();
		Exchange exchange = server.exchange(protocol, method, "/replaces/" + body + "/" + answer);
		boolean isOpen = body.equals("late-response") && onFailure == OnFailure.SKIP;
		assertThat(exchange.answer().status()).isEqualTo(isOpen ? 200 : 503);
		assertThat(millisecondsSince(start)).isGreaterThanOrEqualTo(90L);
		assertThat(exchange.answer().headers().containsHeader("X-Own")).isFalse();
		assertThat(exchange.answer().headers().containsHeader("X-Answer")).isEqualTo(isOpen);
		if (isOpen) {
			// What it was given is still there
			exchange.assertRecorded("ok 200", "replaces timeout_open");
		}
		else {
			exchange.assertRecorded("error_page 503", "replaces timeout");
			List<String> log = server.log();
			assertThat(log.subList(logged, log.size()))
				.noneMatch((line) -> line.contains("went on without it") || line.contains("went out without it"));
		}
	}

	static Stream<Arguments> recoveries() {
		return Cases.of(List.of("completes", "writes"), Cases.METHODS, Cases.protocols(), List.of(OnFailure.values()))
			.filter((arguments) -> {
				List<Object> all = List.of(arguments.get());
				// A body of an answer to HEAD is not what commits it
				return !all.contains("writes") || all.contains("GET");
			});
	}

	@ParameterizedTest
	@MethodSource("recoveries")
	void timeAfterAnAnswerThatCouldNotBeSentCounts(String how, String method, Protocol protocol, OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		long start = System.nanoTime();
		Exchange exchange = server.exchange(protocol, method, "/recovers/" + how + "/text");
		// It has decided to answer, so the request does not go on as if it were absent
		assertThat(exchange.answer().status()).isEqualTo(503);
		assertThat(millisecondsSince(start)).isGreaterThanOrEqualTo(250L);
		assertThat(exchange.answer().headers().containsHeader("X-Own")).isFalse();
		exchange.assertRecorded("error_page 503", "recovers timeout");
	}

	private static long millisecondsSince(long start) {
		return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
	}

	/**
	 * Middlewares with a limit that passes while they make an answer of their own.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(path = "/replaces/**", timeout = "100ms")
		HandlerFilterFunction<LiveResponse, ServerResponse> replaces() {
			return (request, next) -> next.handle(request).flatMap((live) -> {
				ServerResponse.BodyBuilder own = ServerResponse.accepted().header("X-Own", "yes");
				Duration tooLong = Duration.ofSeconds(3);
				return switch (Texts.part(request.exchange(), 1)) {
					case "mono" -> own.body(Mono.delay(tooLong).thenReturn("own"), String.class);
					case "flux" -> own.body(Flux.just("ow", "n").delaySubscription(tooLong), String.class);
					case "never" -> own.body(Mono.never(), String.class);
					case "never-flux" -> own.body(Flux.never(), String.class);
					default -> Mono.delay(tooLong).then(own.bodyValue("own"));
				};
			});
		}

		@Bean
		@AsyncMiddleware(path = "/recovers/**", timeout = "100ms")
		WebFilter recovers() {
			return (exchange, chain) -> {
				AtomicBoolean failed = new AtomicBoolean();
				exchange.getResponse().beforeCommit(() -> failed.getAndSet(true) ? Mono.empty() : failLate());
				exchange.getResponse().getHeaders().set("X-Own", "yes");
				Mono<Void> answer = Texts.part(exchange, 1).equals("writes") ? Texts.write(exchange, "own")
						: exchange.getResponse().setComplete();
				return answer.onErrorResume(
						(ex) -> Mono.delay(Duration.ofSeconds(3)).then(Texts.answer(exchange, 502, "recovered")));
			};
		}

		private static Mono<Void> failLate() {
			return Mono.delay(Duration.ofMillis(200)).then(Mono.error(new IllegalStateException("commit")));
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	/**
	 * Handlers that answer at once.
	 */
	@RestController
	static class Endpoints {

		@GetMapping("/*/*/text")
		ResponseEntity<String> text() {
			return ResponseEntity.ok().header("X-Answer", "yes").body("answer");
		}

		@GetMapping("/*/*/stream")
		ResponseEntity<Flux<String>> stream() {
			return ResponseEntity.ok().header("X-Answer", "yes").body(Flux.just("ans", "wer"));
		}

	}

}
