package io.github.asyncmiddleware.internal.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.testsupport.Habit;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for foreign filters that are measured: whatever they do has the same effect as in
 * the chain of Spring, and the numbers tell what it was.
 */
class ForeignFilterTests {

	private final List<String> events = new ArrayList<>();

	private final RecordingListener listener = new RecordingListener();

	@ParameterizedTest
	@EnumSource
	void doesWhatItDoesInTheChainOfSpring(Habit habit) {
		assertThat(run(habit, true)).isEqualTo(run(habit, false));
	}

	@ParameterizedTest
	@EnumSource
	void isRecordedOnce(Habit habit) throws Exception {
		run(habit, true);
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).filteredOn((result) -> result.startsWith("habit "))
			.containsExactly("habit " + habit.result());
		assertThat(record.results()).doesNotHaveDuplicates();
		assertThat(this.listener.isEmpty()).isTrue();
	}

	/**
	 * What a filter with a habit does in front of two filters that behave.
	 */
	private List<String> run(Habit habit, boolean measured) {
		this.events.clear();
		Sinks.Empty<Void> giveUp = Sinks.empty();
		TestChain chain = new TestChain().listener(this.listener).quietErrors();
		chain.measured("outer", (exchange, next) -> {
			exchange.getAttributes().put("giveUp", giveUp);
			return logs("outer").filter(exchange, next);
		}).measured("habit", new Named(habit)).measured("inner", logs("inner"));
		chain.measured("passes", (exchange, next) -> {
			this.events.add("passes");
			return next.filter(exchange);
		});
		AtomicInteger calls = new AtomicInteger();
		WebHandler handler = (exchange) -> {
			this.events.add("handler " + exchange.getAttributes().get("seen"));
			if (habit == Habit.RETRIES && calls.getAndIncrement() == 0) {
				exchange.getResponse().getHeaders().set("X-Left", "1");
				return Mono.error(new IllegalStateException("first"));
			}
			if (habit == Habit.REPLACES_ERROR || habit == Habit.SWALLOWS_ERROR) {
				return Mono.error(new IllegalStateException("always"));
			}
			if (habit == Habit.GIVES_UP) {
				return Mono.<Void>never().doOnCancel(() -> this.events.add("handler cancelled"));
			}
			DataBufferFactory factory = exchange.getResponse().bufferFactory();
			return exchange.getResponse().writeWith(Mono.fromSupplier(() -> factory.wrap("Hello".getBytes())));
		};
		HttpHandler built = measured ? chain.build(handler) : chain.buildBare(handler);
		MockServerHttpResponse response = new MockServerHttpResponse();
		try {
			Mono<Void> handled = built.handle(MockServerHttpRequest.get("/").build(), response);
			handled.doOnSuccess((done) -> this.events.add("completed"))
				.doOnError((ex) -> this.events.add("failed " + ex))
				.onErrorComplete()
				.subscribe();
			giveUp.tryEmitEmpty();
		}
		catch (Throwable ex) {
			this.events.add("threw " + ex.getClass().getName());
		}
		this.events.add("status " + response.getStatusCode() + " " + response.getHeaders());
		if (response.isCommitted()) {
			this.events.add("body " + response.getBodyAsString().block(Duration.ofSeconds(10)));
		}
		return List.copyOf(this.events);
	}

	private WebFilter logs(String name) {
		return (exchange, next) -> {
			this.events.add(name + " >");
			return next.filter(exchange)
				.doOnSuccess((done) -> this.events.add(name + " <"))
				.doOnError((ex) -> this.events.add(name + " " + describe(ex)))
				.doOnCancel(() -> this.events.add(name + " cancelled"));
		};
	}

	/**
	 * What the virtual machine says about a null is about the line where it is found.
	 */
	private static String describe(Throwable ex) {
		return (ex instanceof NullPointerException) ? "null" : ex.toString();
	}

	@Test
	void seesTheExchangeOfTheOneBefore() {
		List<ServerWebExchange> seen = new ArrayList<>();
		AtomicReference<ServerWebExchange> given = new AtomicReference<>();
		HttpHandler handler = new TestChain().measured("a", (exchange, next) -> {
			given.set(exchange.mutate().build());
			return next.filter(given.get()).doOnSuccess((done) -> {
			});
		}).measured("b", (exchange, next) -> {
			seen.add(exchange);
			return next.filter(exchange).doFinally((signal) -> {
			});
		}).build((exchange) -> {
			seen.add(exchange);
			return exchange.getResponse().setComplete();
		});
		TestChain.get(handler, "/");
		assertThat(seen).hasSize(2).allMatch((exchange) -> exchange == given.get());
	}

	@Test
	void addsUpToTheTimeToFirstByte() throws Exception {
		TestTicker ticker = new TestTicker();
		HttpHandler handler = new TestChain().ticker(ticker)
			.listener(this.listener)
			.measured("a", takes(ticker, 1, 2))
			.middleware("ours", takes(ticker, 4, 8))
			.measured("b", takes(ticker, 16, 32))
			.measured("commits", (exchange, next) -> {
				exchange.getResponse().beforeCommit(() -> {
					ticker.advanceNanos(64);
					return Mono.empty();
				});
				ticker.advanceNanos(128);
				return next.filter(exchange);
			})
			.build((exchange) -> {
				ticker.advanceNanos(256);
				return Mono.empty();
			});
		TestChain.get(handler, "/");
		RecordedRequest record = this.listener.take();
		assertThat(record.steps()).extracting(RecordingListener.RecordedStep::own).containsExactly(3L, 12L, 48L, 128L);
		assertThat(record.app()).isEqualTo(256 + 64);
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb()).isEqualTo(511);
	}

	private static WebFilter takes(TestTicker ticker, long before, long after) {
		return (exchange, next) -> {
			ticker.advanceNanos(before);
			return next.filter(exchange).doOnSuccess((done) -> ticker.advanceNanos(after));
		};
	}

	@Test
	void isNotJudged() throws Exception {
		List<String> judged = new ArrayList<>();
		for (Habit habit : Habit.values()) {
			HttpHandler handler = new TestChain()
				.guard((middleware, misuse, request) -> judged.add(habit + " " + misuse))
				.failures((middleware, part, failure, request) -> judged.add(habit + " " + failure))
				.quietErrors()
				.measured("habit", habit)
				.build((exchange) -> exchange.getResponse().setComplete());
			if (habit != Habit.THROWS_LINKAGE_ERROR && habit != Habit.GIVES_UP) {
				TestChain.get(handler, "/");
			}
		}
		assertThat(judged).isEmpty();
	}

	@Test
	void middlewaresBehindOneThatRunsTheChainTwiceRunOnce() throws Exception {
		HttpHandler handler = new TestChain().listener(this.listener)
			.measured("twice", Habit.RUNS_TWICE)
			.measured("inner", logs("inner"))
			.middleware("ours", logs("ours"))
			.measured("behind", logs("behind"))
			.build((exchange) -> exchange.getResponse().setComplete());
		TestChain.get(handler, "/");
		assertThat(this.events).containsExactly("inner >", "ours >", "behind >", "behind <", "ours <", "inner <",
				"inner >", "inner <");
		assertThat(this.listener.take().results()).containsExactly("twice PASSED", "inner PASSED", "ours PASSED",
				"behind PASSED");
	}

	@Test
	void isCancelledWithTheRequest() throws Exception {
		Sinks.Empty<Void> never = Sinks.empty();
		HttpHandler handler = new TestChain().listener(this.listener)
			.measured("passes", logs("passes"))
			.measured("waits", (exchange, next) -> never.asMono().then(next.filter(exchange)))
			.measured("inner", logs("inner"))
			.build((exchange) -> exchange.getResponse().setComplete());
		Disposable request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		request.dispose();
		assertThat(this.events).containsExactly("passes >", "passes cancelled");
		assertThat(this.listener.take().results()).containsExactly("passes PASSED", "waits CANCELLED");
	}

	/**
	 * What is left running, and what starts after the end, is not kept from it.
	 */
	@Test
	void goesOnAfterTheEndOfTheRequest() throws Exception {
		Sinks.Empty<Void> later = Sinks.empty();
		HttpHandler handler = new TestChain().listener(this.listener).measured("answers", (exchange, next) -> {
			later.asMono().then(next.filter(exchange)).subscribe();
			return exchange.getResponse().setComplete();
		}).measured("late", logs("late")).build((exchange) -> {
			this.events.add("handler");
			return Mono.empty();
		});
		TestChain.get(handler, "/");
		assertThat(this.listener.take().results()).containsExactly("answers ANSWERED");
		later.tryEmitEmpty();
		assertThat(this.events).containsExactly("late >", "handler", "late <");
		assertThat(this.listener.isEmpty()).isTrue();
	}

	/**
	 * As an upgrade strategy does, which is usually called by a handler.
	 */
	@Test
	void mayHandTheConnectionToAnotherProtocol() throws Exception {
		HttpHandler handler = new TestChain().listener(this.listener).measured("upgrades", (exchange, next) -> {
			assertThatIllegalStateException()
				.isThrownBy(() -> ServerHttpResponseDecorator.getNativeResponse(exchange.getResponse()))
				.withMessageContaining("mock");
			return Mono.empty();
		}).build((exchange) -> Mono.empty());
		TestChain
			.exchange(handler,
					MockServerHttpRequest.get("/")
						.header("Connection", "Upgrade")
						.header("Upgrade", "websocket")
						.header("Sec-WebSocket-Version", "13")
						.build())
			.block(Duration.ofSeconds(10));
		assertThat(this.listener.take().status()).isEqualTo(101);
	}

	@Test
	void leavesRunningWhatItDoesNotWaitFor() {
		Sinks.Empty<Void> handled = Sinks.empty();
		HttpHandler handler = new TestChain().measured("forgets", (exchange, next) -> {
			next.filter(exchange).subscribe();
			return Mono.never();
		}).build((exchange) -> handled.asMono().doOnCancel(() -> this.events.add("cancelled")));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe().dispose();
		assertThat(this.events).isEmpty();
	}

	/**
	 * A filter with a constant name.
	 *
	 * @param habit what it does
	 */
	private record Named(Habit habit) implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return this.habit.filter(exchange, chain);
		}

	}

}
