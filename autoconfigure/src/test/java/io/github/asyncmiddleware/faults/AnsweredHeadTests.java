package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a middleware that has answered, with a body, and then asks for the rest of
 * the chain: the rest does not run, for HEAD as for GET.
 */
class AnsweredHeadTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "native", "await", "hook");

	static Stream<Arguments> styles() {
		return Cases.of(List.of("native", "await"), List.of("at-once", "later", "stream", "groups", "completed"),
				List.of(401, 200), Cases.METHODS, Cases.protocols(), List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("styles")
	void theRestIsTooLateAfterAnAnswer(String style, String how, int status, String method, Protocol protocol,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		int runs = server.bean(AtomicInteger.class).get();
		Exchange exchange = server.exchange(protocol, method, "/" + style + "/" + how + "/" + status);
		assertThat(server.bean(AtomicInteger.class)).as("runs of the handler").hasValue(runs);
		assertAnswer(exchange.answer(), status, (how.equals("completed") || method.equals("HEAD")) ? "" : "no");
		exchange.assertRecorded("ok " + status, style + " answered", "misuse " + style + " late_next");
	}

	static Stream<Arguments> responses() {
		return Cases.of(List.of("returned", "returned-later"), List.of(401, 200), Cases.METHODS, Cases.protocols(),
				List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("responses")
	void theRestIsTooLateAfterAResponseThatWasReturned(String how, int status, String method, Protocol protocol,
			OnFailure onFailure) {
		theRestIsTooLateAfterAnAnswer("await", how, status, method, protocol, onFailure);
	}

	static Stream<Arguments> hooks() {
		return Cases.of(List.of("at-once", "later", "stream", "groups", "completed"), List.of(401, 200), Cases.METHODS,
				Cases.protocols(), List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("hooks")
	void theRestDoesNotFollowAHookThatHasWrittenAnAnswer(String how, int status, String method, Protocol protocol,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		int runs = server.bean(AtomicInteger.class).get();
		Exchange exchange = server.exchange(protocol, method, "/hook/" + how + "/" + status);
		assertThat(server.bean(AtomicInteger.class)).as("runs of the handler").hasValue(runs);
		assertAnswer(exchange.answer(), status, (how.equals("completed") || method.equals("HEAD")) ? "" : "no");
		exchange.assertRecorded("ok " + status, "hook answered");
	}

	private static void assertAnswer(Answer answer, int status, String body) {
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.body()).isEqualTo(body);
		assertThat(answer.headers().containsHeader("X-Handler")).isFalse();
	}

	/**
	 * Middlewares that answer in the way and with the status that are in the path, and
	 * then go on.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		AtomicInteger runs() {
			return new AtomicInteger();
		}

		@Bean("native")
		@AsyncMiddleware(path = "/native/**")
		WebFilter plain() {
			return (exchange, chain) -> answer(exchange).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> {
				String how = Texts.part(request.exchange(), 1);
				Mono<LiveResponse> rest = next.handle(request);
				return switch (how) {
					case "returned" -> response(request).doAfterTerminate(rest::subscribe);
					case "returned-later" ->
						response(request).delayElement(Duration.ofMillis(5)).doAfterTerminate(rest::subscribe);
					default -> answer(request.exchange()).then(rest.cast(ServerResponse.class));
				};
			};
		}

		private static Mono<ServerResponse> response(ServerRequest request) {
			return ServerResponse.status(Integer.parseInt(Texts.lastOf(request.exchange()))).bodyValue("no");
		}

		@Bean
		@AsyncMiddleware(path = "/hook/**")
		WritingHook hook() {
			return new WritingHook();
		}

		/**
		 * Answer with a body, and leave the status alone where it is what it would be
		 * anyway.
		 */
		static Mono<Void> answer(ServerWebExchange exchange) {
			int status = Integer.parseInt(Texts.lastOf(exchange));
			if (status != 200) {
				exchange.getResponse().setRawStatusCode(status);
			}
			Mono<Void> written = Texts.write(exchange, "no");
			return switch (Texts.part(exchange, 1)) {
				case "later" ->
					Mono.delay(Duration.ofMillis(5)).then(written).then(Mono.delay(Duration.ofMillis(5))).then();
				case "stream" -> exchange.getResponse()
					.writeWith(Flux.just("n", "o")
						.map((text) -> exchange.getResponse().bufferFactory().wrap(text.getBytes())));
				case "groups" -> exchange.getResponse()
					.writeAndFlushWith(Flux.just("n", "o")
						.map((text) -> Flux.just(exchange.getResponse().bufferFactory().wrap(text.getBytes()))));
				case "completed" -> exchange.getResponse().setComplete();
				default -> written;
			};
		}

		@Bean
		Endpoints endpoints(AtomicInteger runs) {
			return new Endpoints(runs);
		}

	}

	/**
	 * Writes an answer and returns nothing.
	 */
	static class WritingHook {

		@OnRequest
		Mono<Void> answer(ServerWebExchange exchange) {
			return App.answer(exchange);
		}

	}

	/**
	 * A handler that must not run.
	 */
	@RestController
	static class Endpoints {

		private final AtomicInteger runs;

		Endpoints(AtomicInteger runs) {
			this.runs = runs;
		}

		@GetMapping("/{style}/{how}/{status}")
		Mono<String> run(ServerWebExchange exchange) {
			this.runs.incrementAndGet();
			exchange.getResponse().getHeaders().set("X-Handler", "yes");
			exchange.getResponse().setStatusCode(HttpStatus.OK);
			return Mono.just("secret");
		}

	}

}
