package io.github.asyncmiddleware.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a response that a filter has decorated, behind which a middleware waits for
 * what is written to it: the decorator sees and does what it would without us.
 */
class DecoratedResponseTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class);

	private final FaultServer server = servers.get(OnFailure.FAIL);

	static Stream<Arguments> answers() {
		return Cases.of(List.of("plain", "collects", "recovers"), List.of("text", "stream", "nothing"), Cases.METHODS,
				Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("answers")
	void runsTheCommitActionsOfThoseBehindIt(String how, String answer, String method, Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, method, "/" + how + "/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(200);
		assertThat(exchange.answer().headers().get("X-Frame-Options")).containsExactly("DENY");
		assertThat(exchange.answer().body())
			.isEqualTo((answer.equals("nothing") || method.equals("HEAD")) ? "" : "answer");
		exchange.assertRecorded("ok 200", "decorates passed");
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void isAnsweredByAnExceptionHandlerWhereItHadNotBegun(Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, "GET", "/collects/fails");
		assertThat(exchange.answer().status()).isEqualTo(502);
		exchange.assertRecorded("ok 502", "decorates passed");
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void isWholeWhereTheDecoratorGoesOnInPlaceOfABodyThatFails(Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, "GET", "/recovers/fails");
		assertThat(exchange.answer().status()).isEqualTo(200);
		assertThat(exchange.answer().body()).isEqualTo("first, recovered");
		exchange.assertRecorded("ok 200", "decorates passed");
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void hasAHeadAtOnceForAStreamThatNeverBegins(Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, "HEAD", "/plain/never");
		assertThat(exchange.answer().status()).isEqualTo(200);
		exchange.assertRecorded("ok 200", "decorates passed");
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void cancelsABodyThatTheDecoratorDoesNotWant(Protocol protocol) throws InterruptedException {
		Exchange exchange = this.server.exchange(protocol, "GET", "/unchanged/endless");
		assertThat(exchange.answer().status()).isEqualTo(304);
		exchange.assertRecorded("ok 304", "decorates passed");
		assertThat(this.server.bean(Endpoints.class).cancelled.await(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS))
			.isTrue();
	}

	static Stream<Arguments> kept() {
		return Cases.of(List.of("text", "stream"), Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("kept")
	void isWrittenLaterWhereTheDecoratorKeepsIt(String answer, Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, "GET", "/keeps/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(200);
		assertThat(exchange.answer().body()).isEqualTo("answer");
		exchange.assertRecorded("ok 200", "decorates passed");
	}

	static Stream<Arguments> methods() {
		return Cases.of(Cases.METHODS, Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("methods")
	void isInTheTimeOfTheMiddlewareThatHasKeptIt(String method, Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, method, "/signs/text");
		assertThat(exchange.answer().status()).isEqualTo(503);
		exchange.assertRecorded("error_page 503", "signs timeout", "decorates passed");
	}

	static Stream<Arguments> slow() {
		return Cases.of(List.of("slow", "slow-action"), List.of("text", "stream"), Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("slow")
	void isGivenUpWhileTheServerHasNothing(String how, String answer, Protocol protocol) {
		Exchange exchange = this.server.exchange(protocol, "GET", "/" + how + "/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(504);
		assertThat(exchange.answer().body()).isEqualTo("gave up");
		assertThat(exchange.answer().complete()).isTrue();
		assertThat(exchange.answer().headers().getContentType()).isNull();
		exchange.assertRecorded("ok 504", "decorates passed", "gives-up passed");
	}

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * The first part of the path says what the decorator does, the last one what the
	 * handler answers.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(order = 10, excludePath = FaultServer.ALIVE)
		WebFilter decorates() {
			return (exchange, chain) -> {
				ServerHttpResponse response = decorated(exchange);
				return chain.filter(exchange.mutate().response(response).build())
					.then(Mono.defer(() -> (response instanceof Keeps keeps && keeps.body != null)
							? exchange.getResponse().writeWith(keeps.body) : Mono.empty()));
			};
		}

		@Bean
		@AsyncMiddleware(order = 5, path = "/signs/**", timeout = "50ms")
		WebFilter signs() {
			return (exchange, chain) -> {
				Keeps keeps = new Keeps(exchange.getResponse());
				// A body that is kept and never read is lost, as it is without
				// middlewares
				return chain.filter(exchange.mutate().response(keeps).build())
					.then(Mono.defer(() -> (keeps.body != null)
							? Flux.from(keeps.body).doOnNext(DataBufferUtils::release).then() : Mono.empty()))
					.then(Mono.never());
			};
		}

		@Bean("gives-up")
		@AsyncMiddleware(order = 30, path = { "/slow/**", "/slow-action/**" })
		WebFilter givesUp() {
			return (exchange, chain) -> {
				Begun begun = new Begun();
				exchange.getAttributes().put("begun", begun);
				if (Texts.part(exchange, 0).equals("slow-action")) {
					exchange.getResponse().beforeCommit(() -> begun.first() ? Mono.never() : Mono.empty());
				}
				return chain.filter(exchange)
					.timeout(begun.later(), Mono.defer(() -> Texts.answer(exchange, 504, "gave up")));
			};
		}

		private static ServerHttpResponse decorated(ServerWebExchange exchange) {
			ServerHttpResponse response = exchange.getResponse();
			return switch (Texts.part(exchange, 0)) {
				case "collects" -> new Collects(response);
				case "recovers" -> new Recovers(response);
				case "unchanged" -> new Unchanged(response);
				case "keeps" -> new Keeps(response);
				case "slow" -> new Slow(exchange);
				default -> new ServerHttpResponseDecorator(response);
			};
		}

		@Bean
		@Order(20)
		WebFilter stamps() {
			return (exchange, chain) -> {
				ServerHttpResponse response = exchange.getResponse();
				response
					.beforeCommit(() -> Mono.fromRunnable(() -> response.getHeaders().add("X-Frame-Options", "DENY")));
				return chain.filter(exchange);
			};
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	/**
	 * Writes a body in one piece, as one that computes an ETag does.
	 */
	static class Collects extends ServerHttpResponseDecorator {

		Collects(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			return DataBufferUtils.join(Flux.from(body)).flatMap((all) -> super.writeWith(Mono.just(all)));
		}

		@Override
		public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
			return writeWith(Flux.from(body).concatMap((group) -> group));
		}

	}

	/**
	 * Ends a body that fails with something else.
	 */
	static class Recovers extends ServerHttpResponseDecorator {

		Recovers(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			return super.writeWith(Flux.from(body)
				.map(DataBuffer.class::cast)
				.onErrorResume((ex) -> Flux.just(buffer(", recovered"))));
		}

	}

	/**
	 * Needs no body.
	 */
	static class Unchanged extends ServerHttpResponseDecorator {

		Unchanged(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			setStatusCode(HttpStatus.NOT_MODIFIED);
			return setComplete();
		}

	}

	/**
	 * Writes nothing, and remembers what it was to write.
	 */
	static class Keeps extends ServerHttpResponseDecorator {

		private Publisher<? extends DataBuffer> body;

		Keeps(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			this.body = body;
			return Mono.empty();
		}

	}

	/**
	 * Never writes the first answer.
	 */
	static class Slow extends ServerHttpResponseDecorator {

		private final ServerWebExchange exchange;

		Slow(ServerWebExchange exchange) {
			super(exchange.getResponse());
			this.exchange = exchange;
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			Begun begun = this.exchange.getRequiredAttribute("begun");
			return begun.isFirst() ? Flux.from(body).doOnNext(DataBufferUtils::release).then(Mono.defer(() -> {
				begun.first();
				return Mono.never();
			})) : super.writeWith(body);
		}

	}

	/**
	 * Tells that the first answer is being written, which is then given up.
	 */
	static class Begun {

		private final AtomicBoolean first = new AtomicBoolean(true);

		private final Sinks.Empty<Void> begun = Sinks.empty();

		boolean isFirst() {
			return this.first.get();
		}

		boolean first() {
			boolean first = this.first.getAndSet(false);
			this.begun.tryEmitEmpty();
			return first;
		}

		Mono<Long> later() {
			return this.begun.asMono().then(Mono.delay(Duration.ofMillis(5)));
		}

	}

	@RestController
	static class Endpoints {

		final CountDownLatch cancelled = new CountDownLatch(1);

		@GetMapping("/*/text")
		String text() {
			return "answer";
		}

		@GetMapping(path = "/*/stream", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<String> stream() {
			return Flux.just("ans", "wer");
		}

		@GetMapping("/*/nothing")
		void nothing() {
		}

		@GetMapping("/*/fails")
		Mono<Void> fails(ServerWebExchange exchange) {
			return exchange.getResponse()
				.writeWith(Flux.concat(Flux.just(buffer("first")), Flux.error(new IllegalStateException("body"))));
		}

		@ExceptionHandler
		ResponseEntity<Void> answer(IllegalStateException ex) {
			return ResponseEntity.status(HttpStatus.BAD_GATEWAY).build();
		}

		@GetMapping(path = "/*/never", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
		Flux<String> never() {
			return Flux.never();
		}

		@GetMapping("/*/endless")
		Mono<Void> endless(ServerWebExchange exchange) {
			return exchange.getResponse()
				.writeWith(Flux.interval(Duration.ZERO, Duration.ofMillis(10))
					.map((tick) -> buffer("tick"))
					.doOnCancel(this.cancelled::countDown));
		}

	}

}
