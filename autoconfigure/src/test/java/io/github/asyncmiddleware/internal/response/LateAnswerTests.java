package io.github.asyncmiddleware.internal.response;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an answer that is made although a middleware has given up waiting for it.
 */
class LateAnswerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final Sinks.Empty<Void> givenUp = Sinks.empty();

	private final Sinks.Empty<Void> goesOn = Sinks.empty();

	private final AtomicReference<ServerWebExchange> late = new AtomicReference<>();

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	@ParameterizedTest
	@MethodSource("answers")
	void isNotSentInPlaceOfTheOneThatFollows(Function<ServerHttpResponse, Mono<Void>> answer) {
		Disposable request = request();
		this.givenUp.tryEmitEmpty();
		StepVerifier.create(answer.apply(this.late.get().getResponse()))
			.expectErrorMessage("Another response is sent instead")
			.verify(PATIENCE);
		assertThat(this.response.isCommitted()).isFalse();
		assertAnsweredInTime(request);
	}

	@Test
	void lendsNothingOfItsHeadToTheOneThatFollows() {
		Disposable request = request();
		ServerHttpResponse late = this.late.get().getResponse();
		HttpHeaders headers = late.getHeaders();
		this.givenUp.tryEmitEmpty();
		headers.setContentLength(4);
		late.getHeaders().set("X-Late", "yes");
		late.addCookie(ResponseCookie.from("late", "yes").build());
		late.setStatusCode(HttpStatus.ACCEPTED);
		assertAnsweredInTime(request);
		assertThat(this.response.getStatusCode()).isNull();
		assertThat(this.response.getHeaders().headerNames()).isEmpty();
		assertThat(this.response.getCookies()).isEmpty();
	}

	@Test
	void addsNothingToWhatIsDoneBeforeTheHeadOfTheOneThatFollows() {
		Disposable request = request();
		ServerHttpResponse late = this.late.get().getResponse();
		this.givenUp.tryEmitEmpty();
		late.beforeCommit(() -> Mono.fromRunnable(() -> this.response.getHeaders().set("X-Late", "yes")));
		assertAnsweredInTime(request);
		assertThat(this.response.getHeaders().headerNames()).isEmpty();
	}

	@Test
	void changesNothingWhileTheHeadWaitsBehindCommitActionsOfItsPart() {
		Sinks.Empty<Void> save = Sinks.empty();
		Disposable request = new TestChain().middleware("impatient", (exchange, next) -> {
			exchange.getResponse().beforeCommit(save::asMono);
			return Mono.firstWithSignal(next.filter(exchange), this.givenUp.asMono())
				.then(Mono.defer(() -> exchange.getResponse().writeWith(Mono.just(buffer("in time")))));
		}).build((exchange) -> {
			exchange.getResponse()
				.beforeCommit(() -> Mono.fromRunnable(() -> exchange.getResponse().getHeaders().set("X-Action", "1")));
			this.late.set(exchange);
			return Mono.never();
		}).handle(MockServerHttpRequest.get("/").build(), this.response).subscribe();
		ServerHttpResponse late = this.late.get().getResponse();
		this.givenUp.tryEmitEmpty();
		assertThat(this.response.isCommitted()).isFalse();
		late.beforeCommit(Mono::empty);
		late.setStatusCode(HttpStatus.NO_CONTENT);
		late.getHeaders().setContentLength(4);
		save.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getStatusCode()).isNull();
		assertThat(this.response.getHeaders().toSingleValueMap()).containsOnlyKeys("X-Action");
	}

	/**
	 * Spring takes the headers of a body away that fails before its first element.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "one", "many", "groups" })
	void changesNothingByABodyThatFailsWhileTheHeadWaits(String body) {
		Sinks.Empty<Void> save = Sinks.empty();
		Disposable request = new TestChain().middleware("impatient", (exchange, next) -> {
			exchange.getResponse().beforeCommit(save::asMono);
			return Mono.firstWithSignal(next.filter(exchange), this.givenUp.asMono()).then(Mono.defer(() -> {
				exchange.getResponse().getHeaders().setContentLength(7);
				return exchange.getResponse().writeWith(Mono.just(buffer("in time")));
			}));
		}).build((exchange) -> {
			this.late.set(exchange);
			return Mono.never();
		}).handle(MockServerHttpRequest.get("/").build(), this.response).subscribe();
		ServerHttpResponse late = this.late.get().getResponse();
		this.givenUp.tryEmitEmpty();
		AtomicReference<Throwable> error = new AtomicReference<>();
		Throwable failure = new IllegalStateException("fails");
		Mono<Void> write = switch (body) {
			case "one" -> late.writeWith(Mono.error(failure));
			case "many" -> late.writeWith(Flux.error(failure));
			default -> late.writeAndFlushWith(Flux.error(failure));
		};
		write.subscribe((done) -> {
		}, error::set);
		assertThat(error).hasValue(failure);
		save.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getHeaders().getContentLength()).isEqualTo(7);
		assertThat(this.response.getBodyAsString().block()).isEqualTo("in time");
	}

	@Test
	void changesNothingBetweenACommitActionOfItsPartAndTheHead() {
		Sinks.Empty<Void> save = Sinks.empty();
		Disposable request = new TestChain().middleware("impatient", (exchange,
				next) -> Mono.firstWithSignal(next.filter(exchange), this.givenUp.asMono()).then(Mono.defer(() -> {
					exchange.getResponse().beforeCommit(save::asMono);
					return exchange.getResponse().writeWith(Mono.just(buffer("in time")));
				})))
			.build((exchange) -> {
				exchange.getResponse()
					.beforeCommit(
							() -> Mono.fromRunnable(() -> exchange.getResponse().getHeaders().set("X-Action", "1")));
				this.late.set(exchange);
				return Mono.never();
			})
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
		ServerHttpResponse late = this.late.get().getResponse();
		this.givenUp.tryEmitEmpty();
		assertThat(this.response.getHeaders().getFirst("X-Action")).isEqualTo("1");
		late.setStatusCode(HttpStatus.NO_CONTENT);
		save.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getStatusCode()).isNull();
	}

	@Test
	void eachOfItsCommitActionsIsDone() {
		Sinks.Empty<Void> first = Sinks.empty();
		Sinks.Empty<Void> second = Sinks.empty();
		Disposable request = new TestChain()
			.middleware("impatient",
					(exchange, next) -> Mono.firstWithSignal(next.filter(exchange), this.givenUp.asMono())
						.then(Mono.defer(() -> exchange.getResponse().writeWith(Mono.just(buffer("in time"))))))
			.build((exchange) -> {
				ServerHttpResponse response = exchange.getResponse();
				response
					.beforeCommit(() -> first.asMono().doOnTerminate(() -> response.getHeaders().set("X-First", "1")));
				response.beforeCommit(
						() -> second.asMono().doOnTerminate(() -> response.getHeaders().set("X-Second", "1")));
				return Mono.never();
			})
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
		this.givenUp.tryEmitEmpty();
		first.tryEmitEmpty();
		second.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getHeaders().toSingleValueMap()).containsOnlyKeys("X-First", "X-Second");
	}

	@Test
	void itsCommitActionsAreDoneForWhatIsWrittenPastADecorator() {
		Disposable request = new TestChain().quietErrors()
			.foreign("decorates", (exchange, next) -> next
				.filter(exchange.mutate().response(new ServerHttpResponseDecorator(exchange.getResponse())).build()))
			.middleware("impatient",
					(exchange, next) -> Mono.firstWithSignal(next.filter(exchange),
							this.givenUp.asMono().then(Mono.error(new IllegalStateException("given up")))))
			.foreign("security", (exchange, next) -> {
				exchange.getResponse()
					.beforeCommit(() -> Mono
						.fromRunnable(() -> exchange.getResponse().getHeaders().set("X-Frame-Options", "DENY")));
				return next.filter(exchange);
			})
			.build((exchange) -> Mono.never())
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
		this.givenUp.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getHeaders().getFirst("X-Frame-Options")).isEqualTo("DENY");
	}

	private Disposable request() {
		return new TestChain()
			.middleware("impatient",
					(exchange, next) -> Mono.firstWithSignal(next.filter(exchange), this.givenUp.asMono())
						.then(this.goesOn.asMono())
						.then(Mono.defer(() -> exchange.getResponse().writeWith(Mono.just(buffer("in time"))))))
			.build((exchange) -> {
				this.late.set(exchange);
				return Mono.never();
			})
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
	}

	private void assertAnsweredInTime(Disposable request) {
		this.goesOn.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getBodyAsString().block(PATIENCE)).isEqualTo("in time");
	}

	static Stream<Named<Function<ServerHttpResponse, Mono<Void>>>> answers() {
		return Stream.of(Named.of("without a body", ServerHttpResponse::setComplete),
				Named.of("of one buffer", (response) -> response.writeWith(Mono.just(buffer("late")))),
				Named.of("streamed", (response) -> response.writeWith(Flux.just(buffer("la"), buffer("te")))),
				Named.of("flushed", (response) -> response.writeAndFlushWith(Flux.just(Flux.just(buffer("late"))))));
	}

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

}
