package io.github.asyncmiddleware.internal.response;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an answer that a filter gives up while the server is handed it: the server is
 * told of the end of the request behind that.
 */
class GivenUpAnswerTests {

	private final Sinks.Empty<Void> givenUp = Sinks.empty();

	private final Sinks.Empty<Void> written = Sinks.empty();

	private final List<String> events = new ArrayList<>();

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	@Test
	void theRequestEndsWithTheAnswer() {
		send(Mono.just(buffer("answer")), Mono.empty(), this.givenUp::tryEmitEmpty);
		assertThat(this.events).containsExactly("answer");
		this.written.tryEmitEmpty();
		assertThat(this.events).containsExactly("answer", "completed");
	}

	@Test
	void theServerHasTheAnswerBeforeTheErrorOfTheFilter() {
		send(Mono.just(buffer("answer")), Mono.error(new IllegalStateException("too late")),
				this.givenUp::tryEmitEmpty);
		assertThat(this.events).containsExactly("answer", "failed with too late");
	}

	@Test
	void theServerHasTheHeadOfAStreamBeforeItsEnd() {
		send(Flux.concat(Mono.just(buffer("first")), Mono.never()), Mono.empty(), this.givenUp::tryEmitEmpty);
		assertThat(this.events).containsExactly("first",
				"failed with The body of the response was cancelled before its end");
	}

	@Test
	void aClientThatReadsNothingDoesNotHoldTheErrorOfTheFilter() {
		send(Mono.just(buffer("answer")), Mono.error(new IllegalStateException("too late")), () -> {
		});
		assertThat(this.events).containsExactly("answer");
		this.givenUp.tryEmitEmpty();
		assertThat(this.events).containsExactly("answer", "failed with too late");
	}

	/**
	 * Answer behind a filter that can give up.
	 */
	private void send(Publisher<DataBuffer> body, Mono<Void> fallback, Runnable inTheHandover) {
		this.response.setWriteHandler((buffers) -> buffers.doOnNext((buffer) -> {
			inTheHandover.run();
			this.events.add(buffer.toString(StandardCharsets.UTF_8));
		}).then(this.written.asMono()));
		new TestChain()
			.foreign("impatient",
					(exchange, next) -> Mono
						.firstWithSignal(this.givenUp.asMono().thenReturn(false),
								next.filter(exchange).thenReturn(true))
						.flatMap((answered) -> answered ? Mono.empty() : fallback))
			.middleware("passes", (exchange, next) -> next.filter(exchange))
			.build((exchange) -> exchange.getResponse().writeWith(body))
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(null, (ex) -> this.events.add("failed with " + ex.getMessage()),
					() -> this.events.add("completed"));
	}

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

}
