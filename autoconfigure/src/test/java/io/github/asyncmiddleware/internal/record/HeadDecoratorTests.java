package io.github.asyncmiddleware.internal.record;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.util.StringUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for when a {@link HeadDecorator} is called, and what its failures do.
 */
@ExtendWith(OutputCaptureExtension.class)
class HeadDecoratorTests {

	private final List<String> events = new ArrayList<>();

	private final TestChain chain = new TestChain().headDecorator((request, status, response) -> {
		assertThat(request.hasHead()).isFalse();
		response.getHeaders().add("X-Decorated", Integer.toString(status));
		this.events.add("decorator");
	});

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void comesAfterAllOthersAndBeforeTheHead(boolean synchronous) throws Exception {
		RecordingListener listener = new RecordingListener() {

			@Override
			public void onHead(RequestRecord request) {
				HeadDecoratorTests.this.events.add("head");
			}

		};
		this.chain.middleware("a", hook(synchronous)).listener(listener);
		MockServerHttpResponse response = run((exchange) -> {
			exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> this.events.add("commit action")));
			return write(exchange);
		});
		// The client can have the response a moment before the request is reported
		listener.take();
		assertThat(this.events).containsExactly("commit action", "hook", "decorator", "head");
		assertThat(response.getHeaders().get("X-Decorated")).containsExactly("200");
	}

	@Test
	void comesAfterTheHooksWhereThereIsNoCommitAction() {
		this.chain.middleware("a", hook(true));
		run(HeadDecoratorTests::write);
		assertThat(this.events).containsExactly("hook", "decorator");
	}

	@Test
	void isCalledOnceForAStream() {
		this.chain.middleware("a", (exchange, next) -> next.filter(exchange));
		MockServerHttpResponse response = run(
				(exchange) -> exchange.getResponse().writeWith(Flux.range(0, 3).map((i) -> buffer())));
		assertThat(response.getHeaders().get("X-Decorated")).containsExactly("200");
	}

	@Test
	void isCalledOnceWhereACommitActionFails() {
		this.chain.quietErrors().middleware("a", hook(true)).middleware("b", hook(false));
		MockServerHttpResponse response = run((exchange) -> {
			exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("commit")));
			return write(exchange);
		});
		assertThat(this.events).containsExactly("hook", "hook", "decorator");
		assertThat(response.getHeaders().get("X-Decorated")).containsExactly("500");
	}

	@Test
	void isNotCalledWithoutAHead() {
		this.chain.middleware("a", (exchange, next) -> Mono.never());
		this.chain.build()
			.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
			.subscribe()
			.dispose();
		assertThat(this.events).isEmpty();
	}

	@Test
	void doesNotTouchTheResponseInTheNameOfAMiddleware() {
		this.chain.middleware("a", (exchange, next) -> {
			exchange.getResponse().setComplete().subscribe();
			return Mono.empty();
		});
		MockServerHttpResponse response = run(HeadDecoratorTests::write);
		assertThat(response.getHeaders().get("X-Decorated")).containsExactly("200");
		assertThat(this.events).containsExactly("decorator");
	}

	@Test
	void doesNotReachTheResponseWhenItFails(CapturedOutput output) throws Exception {
		RecordingListener listener = new RecordingListener();
		this.chain.listener(listener)
			.middleware("a", (exchange, next) -> next.filter(exchange))
			.headDecorator((request, status, response) -> {
				request.ttfbSoFar();
				throw new LinkageError("decorator broke");
			});
		HttpHandler handler = this.chain.build(HeadDecoratorTests::write);
		for (int i = 0; i < 3; i++) {
			MockServerHttpResponse response = new MockServerHttpResponse();
			handler.handle(MockServerHttpRequest.get("/").build(), response).block(Duration.ofSeconds(5));
			assertThat(response.getBodyAsString().block(Duration.ofSeconds(5))).isEqualTo("x");
			RecordedRequest record = listener.take();
			assertThat(record.result()).isEqualTo(RequestResult.OK);
			assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
		}
		assertThat(StringUtils.countOccurrencesOf(output.getAll(), "LinkageError: decorator broke")).isOne();
		assertThat(output)
			.contains("failed. The response goes out without what it adds; further failures are not logged");
	}

	@Test
	void doesNotReachTheResponseWhenItFailsFatallyEither(CapturedOutput output) {
		this.chain.middleware("a", (exchange, next) -> next.filter(exchange))
			.headDecorator((request, status, response) -> {
				throw new StackOverflowError("simulated");
			});
		MockServerHttpResponse response = run(HeadDecoratorTests::write);
		assertThat(response.getBodyAsString().block(Duration.ofSeconds(5))).isEqualTo("x");
		assertThat(output).contains("StackOverflowError: simulated");
	}

	@Test
	void needsTheClock() {
		AtomicInteger readings = new AtomicInteger();
		this.chain.ticker(readings::incrementAndGet).middleware("a", (exchange, next) -> next.filter(exchange));
		run(HeadDecoratorTests::write);
		assertThat(readings).hasPositiveValue();
	}

	@Test
	void leavesTheClockAloneWhereThereIsNone() {
		AtomicInteger readings = new AtomicInteger();
		this.chain.ticker(readings::incrementAndGet)
			.headDecorator(HeadDecorator.NONE)
			.middleware("a", (exchange, next) -> next.filter(exchange));
		run(HeadDecoratorTests::write);
		assertThat(readings).hasValue(0);
	}

	@Test
	void isCalledWhereNothingElseNeedsTheBoundary() {
		this.chain.guard(MisuseGuard.OFF).middleware("a", (exchange, next) -> next.filter(exchange));
		assertThat(run(HeadDecoratorTests::write).getHeaders().get("X-Decorated")).containsExactly("200");
	}

	private MockServerHttpResponse run(WebHandler handler) {
		MockServerHttpResponse response = new MockServerHttpResponse();
		this.chain.build(handler).handle(MockServerHttpRequest.get("/").build(), response).block(Duration.ofSeconds(5));
		return response;
	}

	private static Mono<Void> write(ServerWebExchange exchange) {
		return exchange.getResponse().writeWith(Mono.just(buffer()));
	}

	private static DataBuffer buffer() {
		return DefaultDataBufferFactory.sharedInstance.wrap(new byte[] { 'x' });
	}

	private MiddlewareCode hook(boolean synchronous) {
		return new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, (exchange, next) -> next.filter(exchange), null,
				new ResponseHook() {

					@Override
					public boolean isSynchronous() {
						return synchronous;
					}

					@Override
					public @Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) {
						ServerHttpResponse response = exchange.getResponse();
						assertThat(response.getHeaders().get("X-Decorated")).isNull();
						HeadDecoratorTests.this.events.add("hook");
						return synchronous ? null : Mono.delay(Duration.ofMillis(1)).then();
					}

				});
	}

}
