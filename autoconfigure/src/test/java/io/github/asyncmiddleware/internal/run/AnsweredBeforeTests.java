package io.github.asyncmiddleware.internal.run;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.style.AwaitFilter;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a filter that answers first and runs the rest of the chain afterwards, such
 * as one that accepts work and does it then: what comes after it runs as in the chain of
 * Spring.
 */
class AnsweredBeforeTests {

	private final AtomicInteger handled = new AtomicInteger();

	private final List<String> misuses = new CopyOnWriteArrayList<>();

	private final RecordingListener listener = new RecordingListener();

	private final TestChain chain = new TestChain().listener(this.listener)
		.guard((middleware, misuse, request) -> this.misuses.add(misuse + " of " + middleware.name()));

	static Stream<Named<MiddlewareCode>> middlewares() {
		WebFilter returnsNext = (exchange, next) -> next.filter(exchange);
		WebFilter waits = (exchange, next) -> Mono.empty().then(next.filter(exchange)).doOnSuccess((done) -> {
		});
		HandlerFilterFunction<LiveResponse, ServerResponse> passes = (request, next) -> next.handle(request)
			.cast(ServerResponse.class);
		HandlerFilterFunction<LiveResponse, ServerResponse> awaits = (request, next) -> next.handle(request)
			.flatMap((live) -> Mono.just(live).hide());
		return Stream.of(Named.of("returns next", MiddlewareCode.of(returnsNext)),
				Named.of("waits for next", MiddlewareCode.of(waits)), Named.of("await that passes", await(passes)),
				Named.of("await", await(awaits)),
				Named.of("concurrent", new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, returnsNext,
						(exchange, context, beginning) -> Mono.<WebHandler>empty().hide(), null)));
	}

	private static MiddlewareCode await(HandlerFilterFunction<LiveResponse, ServerResponse> filter) {
		return new AwaitFilter(filter, HandlerStrategies.withDefaults()::messageReaders, () -> null).toCode();
	}

	@ParameterizedTest
	@MethodSource("middlewares")
	void runsTheRestBehindAFilter(MiddlewareCode code) throws Exception {
		this.chain.foreign("accepts", accepts());
		assertRuns(code);
	}

	@ParameterizedTest
	@MethodSource("middlewares")
	void runsTheRestBehindAFilterThatIsMeasured(MiddlewareCode code) throws Exception {
		this.chain.measured("accepts", accepts());
		assertRuns(code);
	}

	private void assertRuns(MiddlewareCode code) throws Exception {
		this.chain.middleware("a", code)
			.middleware("b", code)
			.foreign("between", (exchange, next) -> next.filter(exchange))
			.middleware("c", code);
		assertThat(send()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.handled).hasValue(1);
		assertThat(this.misuses).isEmpty();
		assertThat(this.listener.take().results()).filteredOn((result) -> !result.startsWith("accepts"))
			.containsExactly("a PASSED", "b PASSED", "c PASSED");
	}

	@Test
	void goesOnWithoutAMiddlewareThatFails() throws Exception {
		WebFilter fails = (exchange, next) -> Mono.error(new IllegalStateException());
		this.chain.foreign("accepts", accepts()).middleware("fails", OnFailure.SKIP, MiddlewareCode.of(fails));
		assertThat(send()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.handled).hasValue(1);
		assertThat(this.listener.take().results()).containsExactly("fails FAILED_OPEN");
	}

	@ParameterizedTest
	@MethodSource("middlewares")
	void runsTheRestAgainAfterAFailure(MiddlewareCode code) throws Exception {
		this.chain.foreign("accepts", (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			return exchange.getResponse().setComplete().then(next.filter(exchange).retry(1));
		}).middleware("a", code);
		HttpHandler handler = this.chain.build((exchange) -> (this.handled.incrementAndGet() == 1)
				? Mono.error(new IllegalStateException("first")) : exchange.getResponse().setComplete());
		handler.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse()).block();
		assertThat(this.handled).hasValue(2);
		assertThat(this.misuses).isEmpty();
	}

	/**
	 * What a filter does after it has answered does not need the client.
	 */
	@ParameterizedTest
	@MethodSource("middlewares")
	void runsTheRestAlthoughTheAnswerCannotBeWritten(MiddlewareCode code) throws Exception {
		this.chain
			.foreign("accepts", (exchange, next) -> exchange.getResponse()
				.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap("accepted".getBytes())))
				.onErrorComplete()
				.then(next.filter(exchange)))
			.middleware("a", code);
		HttpHandler handler = this.chain.build((exchange) -> {
			this.handled.incrementAndGet();
			return Mono.empty();
		});
		MockServerHttpResponse response = new MockServerHttpResponse();
		response.setWriteHandler((body) -> body.then(Mono.error(new IOException("Broken pipe"))));
		handler.handle(MockServerHttpRequest.get("/").build(), response).block();
		assertThat(this.handled).hasValue(1);
		assertThat(this.misuses).isEmpty();
	}

	@ParameterizedTest
	@MethodSource("middlewares")
	void doesNotExcuseAMiddlewareThatAnswersFirst(MiddlewareCode code) throws Exception {
		this.chain.middleware("accepts", accepts()).middleware("a", code);
		assertThat(send()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.handled).hasValue(0);
		assertThat(this.misuses).containsExactly("LATE_NEXT of accepts");
	}

	private static WebFilter accepts() {
		return (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			return exchange.getResponse().setComplete().then(next.filter(exchange));
		};
	}

	private Object send() {
		HttpHandler handler = this.chain.build((exchange) -> {
			this.handled.incrementAndGet();
			return exchange.getResponse().setComplete();
		});
		MockServerHttpResponse response = new MockServerHttpResponse();
		handler.handle(MockServerHttpRequest.get("/").build(), response).block();
		return response.getStatusCode();
	}

}
