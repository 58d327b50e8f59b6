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
 * Tests for an answer that a middleware gives up while the server writes it: the server
 * is not told of the end of the request before that is done.
 */
class GivenUpAnswerTests {

	private final Sinks.Empty<Void> givenUp = Sinks.empty();

	private final Sinks.Empty<Void> written = Sinks.empty();

	private final StringBuilder sent = new StringBuilder();

	private final List<String> ends = new ArrayList<>();

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	@Test
	void theRequestEndsWhenItIsWritten() {
		send(Mono.just(buffer("answer")), Mono.empty());
		this.givenUp.tryEmitEmpty();
		assertThat(this.ends).isEmpty();
		this.written.tryEmitEmpty();
		assertThat(this.ends).containsExactly("completed");
		assertThat(this.sent).hasToString("answer");
	}

	@Test
	void soDoesOneWhoseMiddlewareFails() {
		send(Mono.just(buffer("answer")), Mono.error(new IllegalStateException("too late")));
		this.givenUp.tryEmitEmpty();
		assertThat(this.ends).isEmpty();
		this.written.tryEmitEmpty();
		assertThat(this.ends).containsExactly("failed with too late");
	}

	@Test
	void theRequestEndsWhenItCannotBeWritten() {
		send(Mono.just(buffer("answer")), Mono.empty());
		this.givenUp.tryEmitEmpty();
		this.written.tryEmitError(new IllegalStateException("broken pipe"));
		assertThat(this.ends).containsExactly("failed with broken pipe");
	}

	@Test
	void theRestOfAStreamIsNotWaitedFor() {
		send(Flux.concat(Mono.just(buffer("first")), Mono.never()), Mono.empty());
		this.givenUp.tryEmitEmpty();
		assertThat(this.ends).containsExactly("failed with The body of the response was cancelled before its end");
	}

	private void send(Publisher<DataBuffer> body, Mono<Void> fallback) {
		this.response.setWriteHandler((buffers) -> buffers.doOnNext(this::write).then(this.written.asMono()));
		new TestChain()
			.foreign("impatient",
					(exchange, next) -> Mono
						.firstWithSignal(next.filter(exchange).thenReturn(true),
								this.givenUp.asMono().thenReturn(false))
						.flatMap((answered) -> answered ? Mono.empty() : fallback))
			.middleware("passes", (exchange, next) -> next.filter(exchange))
			.build((exchange) -> exchange.getResponse().writeWith(body))
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(null, (ex) -> this.ends.add("failed with " + ex.getMessage()), () -> this.ends.add("completed"));
	}

	private void write(DataBuffer buffer) {
		this.sent.append(buffer.toString(StandardCharsets.UTF_8));
	}

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

}
