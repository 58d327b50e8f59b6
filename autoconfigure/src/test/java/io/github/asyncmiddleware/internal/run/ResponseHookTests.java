package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedStep;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.ContextView;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for response hooks of an answer that is given up at the very moment in which one
 * of them is at work.
 */
class ResponseHookTests {

	private static final String HEADER = "X-Seen";

	private final Sinks.One<DataBuffer> body = Sinks.one();

	private final Sinks.Empty<Void> givenUp = Sinks.empty();

	private final Sinks.Empty<Void> goesOn = Sinks.empty();

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	@ParameterizedTest
	@ValueSource(strings = { "before", "behind" })
	void leaveNothingInTheAnswerThatFollows(String filter) {
		TestChain chain = new TestChain();
		if (filter.equals("before")) {
			chain.foreign("impatient", (exchange, next) -> impatient(exchange, next.filter(exchange)));
		}
		chain.middleware("inner", code(this.givenUp::tryEmitEmpty));
		if (filter.equals("behind")) {
			chain.middleware("impatient", (exchange, next) -> impatient(exchange, next.filter(exchange)));
		}
		send(chain);
		assertThat(this.response.getHeaders().get(HEADER)).containsExactly("504 GATEWAY_TIMEOUT");
	}

	@Test
	void haveNoShareOfTheTimeAfterTheirAnswerWasGivenUp() throws Exception {
		TestTicker ticker = new TestTicker();
		RecordingListener listener = new RecordingListener();
		send(new TestChain().listener(listener)
			.ticker(ticker)
			.middleware("impatient", (exchange, next) -> impatient(exchange, next.filter(exchange)))
			.middleware("inner", code(() -> {
				this.givenUp.tryEmitEmpty();
				ticker.advanceNanos(20);
			})), () -> ticker.advanceNanos(300));
		RecordedRequest record = listener.take();
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(320L, 20L);
		assertThat(record.app()).isZero();
	}

	private void send(TestChain chain) {
		send(chain, () -> {
		});
	}

	/**
	 * Send a request whose first answer is given up, and do something before the second.
	 */
	private void send(TestChain chain, Runnable meanwhile) {
		Disposable request = chain.build((exchange) -> write(exchange, HttpStatus.CREATED, this.body.asMono()))
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
		this.body.tryEmitValue(buffer());
		assertThat(this.response.isCommitted()).isFalse();
		meanwhile.run();
		this.goesOn.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.GATEWAY_TIMEOUT);
		assertThat(this.response.getHeaders().get(HEADER)).containsExactly("504 GATEWAY_TIMEOUT");
	}

	private Mono<Void> impatient(ServerWebExchange exchange, Mono<Void> rest) {
		return rest.timeout(this.givenUp.asMono(), this.goesOn.asMono()
			.then(Mono.defer(() -> write(exchange, HttpStatus.GATEWAY_TIMEOUT, Mono.just(buffer())))));
	}

	private static Mono<Void> write(ServerWebExchange exchange, HttpStatus status, Mono<DataBuffer> body) {
		exchange.getResponse().setStatusCode(status);
		return exchange.getResponse().writeWith(body);
	}

	private static DataBuffer buffer() {
		return DefaultDataBufferFactory.sharedInstance.wrap(new byte[] { 1 });
	}

	private static MiddlewareCode code(Runnable inTheMiddle) {
		return new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, (exchange, chain) -> chain.filter(exchange), null,
				new AddsTheStatus(inTheMiddle));
	}

	/**
	 * Adds to the head what it sees of it, before and after something happens.
	 */
	private record AddsTheStatus(Runnable inTheMiddle) implements ResponseHook {

		@Override
		public boolean isSynchronous() {
			return true;
		}

		@Override
		public @Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) {
			String status = String.valueOf(exchange.getResponse().getStatusCode());
			if (status.startsWith("201")) {
				exchange.getResponse().getHeaders().add(HEADER, "before");
			}
			this.inTheMiddle.run();
			exchange.getResponse().getHeaders().add(HEADER, status);
			return null;
		}

	}

}
