package io.github.asyncmiddleware.test.howto;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.asyncmiddleware.test.MiddlewareTester;
import io.github.asyncmiddleware.test.RunningExchange;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * Tests for {@link AccessLog}.
 */
class AccessLogTests {

	private final List<String> lines = new CopyOnWriteArrayList<>();

	private final MiddlewareTester tester = MiddlewareTester.of(new AccessLog(this.lines::add));

	@Test
	void writesALineAfterTheBody() {
		Sinks.Many<DataBuffer> body = Sinks.many().unicast().onBackpressureBuffer();
		RunningExchange exchange = this.tester.withHandler((request) -> request.getResponse().writeWith(body.asFlux()))
			.start(get("/orders"));
		body.tryEmitNext(DefaultDataBufferFactory.sharedInstance.wrap(new byte[3]));
		assertThat(this.lines).isEmpty();
		body.tryEmitComplete();
		assertThat(exchange.await()).passed();
		assertThat(this.lines).containsExactly("GET /orders 200 OK");
	}

	@Test
	void tellsThatTheClientHasLeft() {
		this.tester.withHandler((exchange) -> Mono.never()).start(get("/orders")).cancel().await();
		assertThat(this.lines).containsExactly("GET /orders the client has left");
	}

	@Test
	void tellsThatTheHandlerHasFailed() {
		this.tester.withHandler((exchange) -> Mono.error(new IllegalStateException("no database")))
			.exchange(get("/orders"));
		assertThat(this.lines).containsExactly("GET /orders failed");
	}

	@Test
	void tellsNoStatusOfAnErrorPage() {
		assertThat(this.tester
			.withHandler((exchange) -> Mono.error(new ResponseStatusException(HttpStatus.NOT_FOUND, "no order")))
			.exchange(get("/orders"))).hasStatus(404);
		assertThat(this.lines).containsExactly("GET /orders failed");
	}

}
