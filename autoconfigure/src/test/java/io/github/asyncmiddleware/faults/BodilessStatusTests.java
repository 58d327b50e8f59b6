package io.github.asyncmiddleware.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for responses that have no body because of their status, set in every way and
 * over every body.
 */
class BodilessStatusTests {

	private static final List<Integer> STATUSES = List.of(204, 304);

	private static final List<String> BODIES = List.of("text", "stream", "endless", "file", "buffers", "groups");

	private static final List<OnFailure> FAILURES = List.of(OnFailure.values());

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "await", "hook", "native", "answers-await",
			"answers-hook", "answers-native");

	static Stream<Arguments> changes() {
		return Cases.of(List.of("await", "hook", "native"), STATUSES, BODIES, Cases.METHODS, Cases.protocols(),
				FAILURES);
	}

	@ParameterizedTest
	@MethodSource("changes")
	void haveNoneWhenAMiddlewareSetsTheStatus(String style, int status, String body, String method, Protocol protocol,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		Bodies bodies = server.bean(Bodies.class);
		bodies.clear();
		Exchange exchange = server.exchange(protocol, method, "/" + style + "/" + status + "/" + body);
		assertBodiless(exchange.answer(), status);
		exchange.assertRecorded("ok " + status, style + " passed");
		bodies.awaitRelease();
	}

	static Stream<Arguments> answers() {
		return Cases.of(List.of("answers-await", "answers-hook", "answers-native"), STATUSES, Cases.METHODS,
				Cases.protocols(), FAILURES);
	}

	@ParameterizedTest
	@MethodSource("answers")
	void haveNoneWhenAMiddlewareAnswersWithOne(String style, int status, String method, Protocol protocol,
			OnFailure onFailure) {
		Exchange exchange = servers.get(onFailure).exchange(protocol, method, "/" + style + "/" + status);
		assertBodiless(exchange.answer(), status);
		exchange.assertRecorded("ok " + status, style + " answered");
	}

	@ParameterizedTest
	@MethodSource("answers")
	void areWholeWhenTheStatusIsTakenBack(String style, int status, String method, Protocol protocol,
			OnFailure onFailure) {
		Exchange exchange = servers.get(onFailure)
			.exchange(protocol, method, "/" + style.substring("answers-".length()) + "/200/" + status);
		assertThat(exchange.answer().status()).isEqualTo(200);
		assertThat(exchange.answer().body()).isEmpty();
	}

	static Stream<Arguments> informational() {
		return Cases.of(List.of("await", "hook", "native"), BODIES, Cases.METHODS, FAILURES);
	}

	/**
	 * To the server no answer has ended with it, so there is no second request: without
	 * middlewares it does not read that.
	 */
	@ParameterizedTest
	@MethodSource("informational")
	void haveNoneWhenAMiddlewareSetsAnInformationalStatus(String style, String body, String method,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		Bodies bodies = server.bean(Bodies.class);
		bodies.clear();
		Records before = server.records();
		try (Http1Client client = new Http1Client(server.port())) {
			client.head(method, "/" + style + "/103/" + body, true);
			Answer answer = client.answer();
			new Exchange(answer, () -> server.records().since(before)).assertRecorded("ok 103", style + " passed");
			assertBodiless(answer, 103);
			client.leave(Leaving.FIN);
			assertThat(client.readToEnd()).isEmpty();
		}
		bodies.awaitRelease();
	}

	private static void assertBodiless(Answer answer, int status) {
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.body()).isEmpty();
		if (status == 204) {
			assertThat(answer.headers().get(HttpHeaders.CONTENT_LENGTH)).as("Content-Length").isNull();
			assertThat(answer.headers().get(HttpHeaders.TRANSFER_ENCODING)).as("Transfer-Encoding").isNull();
		}
	}

	/**
	 * Bodies, and how they have ended.
	 */
	static class Bodies {

		final List<String> ends = Collections.synchronizedList(new ArrayList<>());

		private final List<DataBuffer> buffers = Collections.synchronizedList(new ArrayList<>());

		private final List<String> subscriptions = Collections.synchronizedList(new ArrayList<>());

		void clear() {
			this.ends.clear();
			this.buffers.clear();
			this.subscriptions.clear();
		}

		<T> Flux<T> watch(Flux<T> body) {
			return body.doOnSubscribe((subscription) -> this.subscriptions.add("subscribed"))
				.doFinally((signal) -> this.ends.add(signal.toString()));
		}

		DataBuffer buffer(ServerWebExchange exchange) {
			DataBuffer buffer = exchange.getResponse().bufferFactory().allocateBuffer(16);
			buffer.write("buffer".getBytes(StandardCharsets.UTF_8));
			this.buffers.add(buffer);
			return buffer;
		}

		/**
		 * What was subscribed to has ended, and what was allocated is free.
		 */
		void awaitRelease() {
			Patience.await().untilAsserted(() -> {
				assertThat(this.ends).hasSameSizeAs(this.subscriptions);
				assertThat(List.copyOf(this.buffers))
					.allMatch((buffer) -> ((NettyDataBuffer) buffer).getNativeBuffer().refCnt() == 0);
			});
		}

	}

	/**
	 * A middleware of each style that sets the status that is in the path, and one that
	 * answers with it.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		Bodies bodies() {
			return new Bodies();
		}

		@Bean
		@AsyncMiddleware(path = "/await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> next.handle(request).map((response) -> {
				response.setStatusCode(status(request.exchange()));
				return response;
			});
		}

		@Bean
		@AsyncMiddleware(path = "/hook/**")
		StatusHook hook() {
			return new StatusHook();
		}

		@Bean("native")
		@AsyncMiddleware(path = "/native/**")
		WebFilter plain() {
			return (exchange, chain) -> {
				exchange.getResponse()
					.beforeCommit(
							() -> Mono.fromRunnable(() -> exchange.getResponse().setStatusCode(status(exchange))));
				return chain.filter(exchange);
			};
		}

		@Bean("answers-await")
		@AsyncMiddleware(path = "/answers-await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> answersAwait() {
			return (request, next) -> ServerResponse.status(status(request.exchange())).bodyValue("body");
		}

		@Bean("answers-hook")
		@AsyncMiddleware(path = "/answers-hook/**")
		AnswerHook answersHook() {
			return new AnswerHook();
		}

		@Bean("answers-native")
		@AsyncMiddleware(path = "/answers-native/**")
		WebFilter answersNative() {
			return (exchange, chain) -> Texts.answer(exchange, status(exchange).value(), "body");
		}

		static HttpStatusCode status(ServerWebExchange exchange) {
			return HttpStatusCode.valueOf(Integer.parseInt(Texts.part(exchange, 1)));
		}

		@Bean
		Endpoints endpoints(Bodies bodies) throws IOException {
			return new Endpoints(bodies);
		}

	}

	/**
	 * Sets the status when everything else is decided.
	 */
	static class StatusHook {

		@OnResponse
		void change(ServerWebExchange exchange, ServerHttpResponse response) {
			response.setStatusCode(App.status(exchange));
		}

	}

	/**
	 * Answers with a body that the status does not allow.
	 */
	static class AnswerHook {

		@OnRequest(blocking = false)
		ResponseEntity<String> answer(ServerWebExchange exchange) {
			return ResponseEntity.status(App.status(exchange)).body("body");
		}

	}

	/**
	 * Handlers with bodies of all kinds.
	 */
	@RestController
	static class Endpoints {

		private final Bodies bodies;

		private final Resource file;

		Endpoints(Bodies bodies) throws IOException {
			this.bodies = bodies;
			Path path = Files.createTempFile("body", ".txt");
			path.toFile().deleteOnExit();
			this.file = new FileSystemResource(Files.writeString(path, "0123456789".repeat(10_000)));
		}

		@GetMapping("/*/*/text")
		Mono<String> text() {
			return Mono.just("text");
		}

		@GetMapping(path = "/*/*/stream", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<String> stream() {
			return this.bodies.watch(Flux.just("a", "b", "c").delayElements(Duration.ofMillis(2)));
		}

		@GetMapping(path = "/*/*/endless", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
		Flux<String> endless() {
			return this.bodies.watch(Flux.interval(Duration.ofMillis(1)).onBackpressureDrop().map((i) -> "tick"));
		}

		@GetMapping("/*/*/file")
		Resource file() {
			return this.file;
		}

		@GetMapping("/*/*/buffers")
		Mono<Void> buffers(ServerWebExchange exchange) {
			return exchange.getResponse()
				.writeWith(this.bodies.watch(Flux.range(0, 3).map((i) -> this.bodies.buffer(exchange))));
		}

		@GetMapping("/*/*/groups")
		Mono<Void> groups(ServerWebExchange exchange) {
			return exchange.getResponse()
				.writeAndFlushWith(this.bodies
					.watch(Flux.range(0, 3).map((i) -> Flux.range(0, 2).map((j) -> this.bodies.buffer(exchange)))));
		}

		@GetMapping("/*/200/{status}")
		ResponseEntity<Void> status(ServerWebExchange exchange) {
			return ResponseEntity.status(Integer.parseInt(Texts.lastOf(exchange))).build();
		}

	}

}
