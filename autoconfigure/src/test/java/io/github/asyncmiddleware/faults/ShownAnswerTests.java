package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an answer that a middleware was shown: that one is sent, whatever stands
 * further in, and the rest of the chain is not asked for another.
 */
class ShownAnswerTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "slow", "slowest", "replaces", "fails", "limited",
			"recovers", "own", "twice");

	private final FaultServer closed = servers.get(OnFailure.FAIL);

	@BeforeEach
	void forget() {
		this.closed.bean(Seen.class).clear();
		servers.get(OnFailure.SKIP).bean(Seen.class).clear();
	}

	static Stream<Arguments> answers() {
		return Cases.of(List.of("text", "stream", "nothing"), Cases.METHODS, Cases.protocols(),
				List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("answers")
	void isSentWhenALimitFurtherInPassesWhileItIsWorkedOn(String answer, String method, Protocol protocol,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		Exchange exchange = server.exchange(protocol, method, "/slow/limited/" + answer);
		assertSent(exchange.answer(), answer, method, "slow");
		assertThat(server.bean(Seen.class).ends).isEqualTo(Map.of("limited", "onComplete"));
		exchange.assertRecorded("ok 200", "slow passed", "limited passed");
		assertThat(server.bean(Seen.class).runs).hasValue(1);
	}

	@ParameterizedTest
	@MethodSource("answers")
	void isSentWhenSeveralWorkOnItOneAfterTheOther(String answer, String method, Protocol protocol,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		Exchange exchange = server.exchange(protocol, method, "/slowest/slow/limited/" + answer);
		assertSent(exchange.answer(), answer, method, "slow", "slowest");
		assertThat(server.bean(Seen.class).ends).isEqualTo(Map.of("limited", "onComplete"));
		exchange.assertRecorded("ok 200", "slowest passed", "slow passed", "limited passed");
	}

	@ParameterizedTest
	@MethodSource("answers")
	void doesNotCountAgainstTheOwnTimeOfOneFurtherIn(String answer, String method, Protocol protocol,
			OnFailure onFailure) {
		Exchange exchange = servers.get(onFailure).exchange(protocol, method, "/slow/own/" + answer);
		assertSent(exchange.answer(), answer, method, "slow");
		exchange.assertRecorded("ok 200", "slow passed", "own passed");
	}

	/**
	 * The one further out works on it where it is shown, so the one that has made it
	 * still stands in between when its limit passes.
	 */
	@ParameterizedTest
	@EnumSource(Protocol.class)
	void isSentWhenTheOneThatHasMadeItIsGivenUpMeanwhile(Protocol protocol) {
		Exchange exchange = this.closed.exchange(protocol, "GET", "/works/limited/made/text");
		assertThat(exchange.answer().status()).isEqualTo(202);
		assertThat(exchange.answer().body()).isEqualTo("made");
		assertThat(exchange.answer().headers().get("X-Outer")).containsExactly("works");
		exchange.assertRecorded("ok 202", "works passed", "limited passed", "made passed");
	}

	private static void assertSent(Answer answer, String kind, String method, String... outer) {
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.body()).isEqualTo((kind.equals("nothing") || method.equals("HEAD")) ? "" : "answer");
		assertThat(answer.headers().get("X-Answer")).containsExactly("yes");
		assertThat(answer.headers().get("X-Outer")).containsExactly(outer);
	}

	static Stream<Arguments> protocols() {
		return Cases.of(List.of("text", "stream"), Cases.METHODS, Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void isNoErrorForOneFurtherInWhenAnotherIsSentInstead(String answer, String method, Protocol protocol) {
		Exchange exchange = this.closed.exchange(protocol, method, "/replaces/recovers/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(202);
		assertThat(exchange.answer().body()).isEqualTo(method.equals("HEAD") ? "" : "own");
		assertThat(exchange.answer().headers().containsHeader("X-Answer")).isFalse();
		assertThat(this.closed.bean(Seen.class).ends).isEqualTo(Map.of("recovers", "onComplete"));
		exchange.assertRecorded("ok 202", "replaces passed", "recovers passed");
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void isNoErrorForOneFurtherInWhenItsReceiverFails(String answer, String method, Protocol protocol) {
		Exchange exchange = this.closed.exchange(protocol, method, "/fails/recovers/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(500);
		assertThat(exchange.answer().headers().containsHeader("X-Answer")).isFalse();
		assertThat(this.closed.bean(Seen.class).ends).isEqualTo(Map.of("recovers", "onComplete"));
		exchange.assertRecorded("error_page 500", "fails failed", "recovers passed");
	}

	static Stream<Arguments> repetitions() {
		return Cases.of(List.of("then", "after-a-look", "two-nexts", "native"), List.of("text", "stream", "busy"),
				Cases.METHODS, Cases.protocols(), List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("repetitions")
	void standsWhenTheRestIsAskedForAnother(String how, String answer, String method, Protocol protocol,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		Exchange exchange = server.exchange(protocol, method, "/twice/" + how + "/" + answer);
		int status = answer.equals("busy") ? 503 : 200;
		assertThat(exchange.answer().status()).isEqualTo(status);
		assertThat(exchange.answer().body()).isEqualTo(method.equals("HEAD") ? "" : "answer");
		assertThat(exchange.answer().headers().get("X-Answer")).containsExactly("yes");
		assertThat(server.bean(Seen.class).runs).hasValue(1);
		String name = how.equals("native") ? "twice-native" : "twice";
		exchange.assertRecorded("ok " + status, name + " passed", "misuse " + name + " repeated_next");
	}

	/**
	 * How often the handler has run, and how the rest of the chain has ended for those
	 * that look.
	 */
	static class Seen {

		final AtomicInteger runs = new AtomicInteger();

		final Map<String, String> ends = new ConcurrentHashMap<>();

		/** A limit has passed, and what is done instead begins. */
		final Semaphore givenUp = new Semaphore(0);

		void clear() {
			this.runs.set(0);
			this.ends.clear();
			this.givenUp.drainPermits();
		}

		void awaitGivenUp() {
			try {
				assertThat(this.givenUp.tryAcquire(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

		Mono<Void> watch(String name, Mono<Void> rest) {
			return rest.doFinally((signal) -> this.ends.merge(name, signal.toString(), (one, two) -> one + " " + two));
		}

	}

	/**
	 * Middlewares by the parts of the path: what is done with an answer, by what else it
	 * has gone through, and what it is.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		private static final String SHOWN = "shown";

		@Bean
		Seen seen() {
			return new Seen();
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/slowest/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> slowest() {
			return slowly("slowest", Duration.ofMillis(150));
		}

		@Bean
		@AsyncMiddleware(order = 20, path = { "/slow/**", "/slowest/slow/**" })
		HandlerFilterFunction<LiveResponse, ServerResponse> slow() {
			return slowly("slow", Duration.ofMillis(300));
		}

		private static HandlerFilterFunction<LiveResponse, ServerResponse> slowly(String name, Duration delay) {
			return (request, next) -> {
				Sinks.Empty<Void> shown = Sinks.empty();
				request.attributes().put(SHOWN, shown);
				return next.handle(request).flatMap((response) -> {
					shown.tryEmitEmpty();
					return Mono.delay(delay).map((done) -> {
						response.headers().add("X-Outer", name);
						return response;
					});
				});
			};
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/works/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> works(Seen seen) {
			return (request, next) -> {
				Sinks.Empty<Void> shown = Sinks.empty();
				request.attributes().put(SHOWN, shown);
				return next.handle(request).map((response) -> {
					shown.tryEmitEmpty();
					seen.awaitGivenUp();
					response.headers().add("X-Outer", "works");
					return response;
				});
			};
		}

		@Bean
		@AsyncMiddleware(order = 40, path = "/*/limited/made/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> made() {
			return (request, next) -> next.handle(request)
				.flatMap((response) -> ServerResponse.accepted().bodyValue("made"));
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/replaces/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> replaces() {
			return (request, next) -> next.handle(request)
				.flatMap((response) -> ServerResponse.accepted().bodyValue("own"));
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/fails/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> fails() {
			return (request, next) -> next.handle(request).map((response) -> {
				throw new IllegalStateException("fails");
			});
		}

		/**
		 * Its limit begins when the answer was shown further out, so that it never passes
		 * before, however long that takes.
		 */
		@Bean
		@AsyncMiddleware(order = 30, path = { "/*/limited/**", "/*/*/limited/**" })
		WebFilter limited(Seen seen) {
			return (exchange, chain) -> {
				Sinks.Empty<Void> shown = exchange.getRequiredAttribute(SHOWN);
				return seen.watch("limited", chain.filter(exchange))
					.timeout(shown.asMono().then(Mono.delay(Duration.ofMillis(100))), Mono.defer(() -> {
						seen.givenUp.release();
						return Texts.answer(exchange, 504, "gave up");
					}));
			};
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/*/own/**", timeout = "250ms")
		WebFilter own() {
			return (exchange, chain) -> chain.filter(exchange).doOnSuccess((done) -> {
			});
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/*/recovers/**")
		WebFilter recovers(Seen seen) {
			return (exchange, chain) -> seen.watch("recovers", chain.filter(exchange))
				.onErrorResume((ex) -> Texts.answer(exchange, 502, "recovered"));
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/twice/**", excludePath = "/twice/native/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> twice() {
			return (request, next) -> {
				Mono<LiveResponse> response = next.handle(request);
				return switch (Texts.part(request.exchange(), 1)) {
					case "then" -> response.then(response.cast(ServerResponse.class));
					case "two-nexts" -> response.then(next.handle(request).cast(ServerResponse.class));
					default -> response.flatMap((live) -> (live.statusCode() != HttpStatus.ACCEPTED)
							? next.handle(request) : Mono.just(live));
				};
			};
		}

		@Bean("twice-native")
		@AsyncMiddleware(order = 20, path = "/twice/native/**")
		WebFilter twiceNative() {
			return (exchange, chain) -> chain.filter(exchange).then(chain.filter(exchange));
		}

		@Bean
		Endpoints endpoints(Seen seen) {
			return new Endpoints(seen);
		}

	}

	/**
	 * Handlers that answer at once.
	 */
	@RestController
	static class Endpoints {

		private final Seen seen;

		Endpoints(Seen seen) {
			this.seen = seen;
		}

		@GetMapping("/**/text")
		ResponseEntity<String> text() {
			return answer(HttpStatus.OK).body("answer");
		}

		@GetMapping("/**/stream")
		ResponseEntity<Flux<String>> stream() {
			return answer(HttpStatus.OK).contentType(MediaType.TEXT_PLAIN).body(Flux.just("ans", "wer"));
		}

		@GetMapping("/**/nothing")
		ResponseEntity<Void> nothing() {
			return answer(HttpStatus.OK).build();
		}

		@GetMapping("/**/busy")
		ResponseEntity<String> busy() {
			return answer(HttpStatus.SERVICE_UNAVAILABLE).body("answer");
		}

		private ResponseEntity.BodyBuilder answer(HttpStatus status) {
			this.seen.runs.incrementAndGet();
			return ResponseEntity.status(status).header("X-Answer", "yes");
		}

	}

}
