package io.github.asyncmiddleware.metrics;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.ContextView;

import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerTiming}: whose time is told, and when none is.
 */
class ServerTimingTests {

	private final TestTicker ticker = new TestTicker();

	private final TestChain chain = new TestChain().ticker(this.ticker);

	@Test
	void tellsOwnTimesOutermostFirst() {
		this.chain.middleware("z", takes(1)).foreign("foreign", takes(100)).middleware("a", takes(20));
		assertThat(detailed(answersAfter(3)))
			.containsExactly("z;dur=1.000, a;dur=20.000, app;dur=103.000, total;dur=124.000");
	}

	@Test
	void tellsOnlyTheTotal() {
		this.chain.foreign("outer", takes(100)).middleware("a", takes(1)).middleware("b", takes(20));
		assertThat(run(this.chain.headDecorator(ServerTiming.total()), answersAfter(3)))
			.containsExactly("total;dur=24.000");
	}

	@Test
	void tellsTheTimeOfAMiddlewareThatAnswersByItself() {
		this.chain.middleware("a", takes(1)).middleware("gate", (exchange, next) -> {
			this.ticker.advanceMillis(5);
			exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
			return exchange.getResponse().setComplete();
		}).middleware("inner", takes(1_000));
		assertThat(detailed(answersAfter(1_000)))
			.containsExactly("a;dur=1.000, gate;dur=5.000, app;dur=0.000, total;dur=6.000");
	}

	@Test
	void tellsTheTimeOfCommitActionsAsTheApplications() {
		this.chain.middleware("a", (exchange, next) -> {
			exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> this.ticker.advanceMillis(9)));
			return next.filter(exchange);
		});
		assertThat(detailed(answersAfter(2))).containsExactly("a;dur=0.000, app;dur=11.000, total;dur=11.000");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void tellsTheTimeOfResponseHooks(boolean synchronous) {
		this.chain.middleware("outer", hook(synchronous, 4)).middleware("inner", hook(synchronous, 30));
		assertThat(detailed(answersAfter(2)))
			.containsExactly("outer;dur=4.000, inner;dur=30.000, app;dur=2.000, total;dur=36.000");
	}

	@Test
	void tellsTheSharesOfAConcurrentGroup() {
		Sinks.One<WebHandler> a = Sinks.one();
		Sinks.One<WebHandler> b = Sinks.one();
		this.chain.middleware("a", work(a)).middleware("b", work(b));
		HttpHandler handler = this.chain.headDecorator(ServerTiming.detailed(this.chain.middlewares()))
			.build(answersAfter(1));
		MockServerHttpResponse response = new MockServerHttpResponse();
		handler.handle(MockServerHttpRequest.get("/").build(), response).subscribe();
		this.ticker.advanceMillis(10);
		b.tryEmitEmpty();
		this.ticker.advanceMillis(5);
		a.tryEmitEmpty();
		assertThat(response.getHeaders().get("Server-Timing"))
			.containsExactly("a;dur=5.000, b;dur=10.000, app;dur=1.000, total;dur=16.000");
	}

	@Test
	void tellsAMiddlewareOnceWhereAForeignFilterRetries() {
		this.chain.foreign("retries", (exchange, next) -> next.filter(exchange).retry(1))
			.middleware("a", takes(1))
			.middleware("b", (exchange, next) -> {
				this.ticker.advanceMillis(20);
				return next.filter(exchange).doOnError((ex) -> exchange.getAttributes().put("failed", true));
			});
		assertThat(detailed((exchange) -> {
			this.ticker.advanceMillis(300);
			return (exchange.getAttribute("failed") == null) ? Mono.error(new IllegalStateException("again"))
					: exchange.getResponse().setComplete();
		})).containsExactly("a;dur=2.000, b;dur=40.000, app;dur=600.000, total;dur=642.000");
	}

	@Test
	void addsUpWhereARetryTakesAnotherWay() {
		this.chain.foreign("retries", (exchange, next) -> next.filter(exchange).retry(1))
			.middleware("a", (exchange, next) -> {
				this.ticker.advanceMillis(1);
				if (exchange.getAttributes().put("tried", true) != null) {
					return exchange.getResponse().setComplete();
				}
				return next.filter(exchange);
			})
			.middleware("b", (exchange, next) -> {
				this.ticker.advanceMillis(20);
				return Mono.error(new IllegalStateException("again"));
			});
		assertThat(detailed(answersAfter(0)))
			.containsExactly("a;dur=2.000, b;dur=20.000, app;dur=0.000, total;dur=22.000");
	}

	@Test
	void leavesOutMiddlewaresThatWereNotEntered() {
		MiddlewareScope posts = new MiddlewareScope(List.of(), List.of(), Set.of(HttpMethod.POST));
		this.chain.middleware("posts", posts, takes(1)).middleware("all", takes(1));
		assertThat(detailed(answersAfter(0))).containsExactly("all;dur=1.000, app;dur=0.000, total;dur=1.000");
	}

	@Test
	void addsNothingWhereNoMiddlewareWasEntered() {
		MiddlewareScope posts = new MiddlewareScope(List.of(), List.of(), Set.of(HttpMethod.POST));
		this.chain.middleware("posts", posts, takes(1));
		assertThat(detailed(answersAfter(1))).isEmpty();
		assertThat(run(this.chain.headDecorator(ServerTiming.total()), answersAfter(1))).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "200, 1", "204, 1", "206, 1", "301, 1", "303, 1", "304, 0", "305, 1", "404, 1", "500, 1", "799, 1" })
	void addsNothingToNotModified(int status, int headers) {
		this.chain.middleware("a", takes(1));
		WebHandler handler = (exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatusCode.valueOf(status));
			return exchange.getResponse().setComplete();
		};
		assertThat(detailed(handler)).hasSize(headers);
		assertThat(run(this.chain.headDecorator(ServerTiming.total()), handler)).hasSize(headers);
	}

	@Test
	void leavesWhatTheHandlerHasSet() {
		this.chain.middleware("a", takes(1));
		assertThat(detailed((exchange) -> {
			exchange.getResponse().getHeaders().add("server-timing", "db;dur=3;desc=\"query\"");
			exchange.getResponse().getHeaders().add("server-timing", "cache");
			return exchange.getResponse().setComplete();
		})).containsExactly("db;dur=3;desc=\"query\"", "cache", "a;dur=1.000, app;dur=0.000, total;dur=1.000");
	}

	@Test
	void hasTheTimesOfTheMetersSoFar() throws Exception {
		RecordingListener listener = new RecordingListener();
		this.chain.listener(listener)
			.foreign("outer", takes(100))
			.middleware("a", takes(1))
			.middleware("answers", (exchange, next) -> {
				this.ticker.advanceMillis(3);
				return exchange.getResponse().setComplete();
			});
		HeadDecorator timing = ServerTiming.detailed(this.chain.middlewares());
		this.chain.headDecorator((request, status, response) -> {
			timing.beforeHead(request, status, response);
			this.ticker.advanceMillis(7);
		});
		assertThat(run(this.chain, answersAfter(0)))
			.containsExactly("a;dur=1.000, answers;dur=3.000, app;dur=0.000, total;dur=4.000");
		RecordedRequest record = listener.take();
		assertThat(Duration.ofNanos(record.own())).hasMillis(4);
		assertThat(Duration.ofNanos(record.app())).hasMillis(7);
		assertThat(Duration.ofNanos(record.steps().get(0).ttfb())).hasMillis(11);
	}

	@Test
	void tellsTheMiddlewaresThereAreWhileAnotherThreadEntersMore() {
		List<Middleware> middlewares = IntStream.range(0, 10)
			.mapToObj((index) -> TestChain.middleware(index, "m" + index))
			.toList();
		MockServerHttpResponse response = new MockServerHttpResponse();
		RequestRecord request = new GrowingRequest(middlewares).proxy();
		ServerTiming.detailed(middlewares).beforeHead(request, 503, response);
		assertThat(response.getHeaders().getFirst("Server-Timing")).startsWith("m0;dur=1.000, m1;dur=1.000, ")
			.endsWith("app;dur=0.000, total;dur=" + (entries(response) - 2) + ".000");
	}

	private static int entries(MockServerHttpResponse response) {
		return String.valueOf(response.getHeaders().getFirst("Server-Timing")).split(", ").length;
	}

	private List<String> detailed(WebHandler handler) {
		return run(this.chain.headDecorator(ServerTiming.detailed(this.chain.middlewares())), handler);
	}

	private static List<String> run(TestChain chain, WebHandler handler) {
		MockServerHttpResponse response = new MockServerHttpResponse();
		chain.build(handler).handle(MockServerHttpRequest.get("/").build(), response).block(Duration.ofSeconds(5));
		return response.getHeaders().getOrEmpty("Server-Timing");
	}

	private WebFilter takes(long milliseconds) {
		return (exchange, next) -> {
			this.ticker.advanceMillis(milliseconds);
			return next.filter(exchange);
		};
	}

	private WebHandler answersAfter(long milliseconds) {
		return (exchange) -> {
			this.ticker.advanceMillis(milliseconds);
			return exchange.getResponse().setComplete();
		};
	}

	private static MiddlewareCode work(Sinks.One<WebHandler> sink) {
		return new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, (exchange, next) -> next.filter(exchange),
				(exchange, context, beginning) -> sink.asMono(), null);
	}

	private MiddlewareCode hook(boolean synchronous, long milliseconds) {
		ResponseHook hook = new ResponseHook() {

			@Override
			public boolean isSynchronous() {
				return synchronous;
			}

			@Override
			public @Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) {
				ServerTimingTests.this.ticker.advanceMillis(milliseconds);
				return synchronous ? null : Mono.empty();
			}

		};
		return new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, (exchange, next) -> next.filter(exchange), null,
				hook);
	}

	/**
	 * A request in which one more middleware is entered each time that it is asked for
	 * the last.
	 */
	private static final class GrowingRequest implements InvocationHandler {

		private final Iterator<Middleware> middlewares;

		private @Nullable StepRecord last;

		GrowingRequest(List<Middleware> middlewares) {
			this.middlewares = middlewares.iterator();
		}

		RequestRecord proxy() {
			return (RequestRecord) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { RequestRecord.class }, this);
		}

		@Override
		public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) {
			return switch (method.getName()) {
				case "last" -> enter();
				case "ttfbSoFar" -> 0L;
				default -> throw new UnsupportedOperationException(method.getName());
			};
		}

		private StepRecord enter() {
			StepRecord step = new PassedStep(this.middlewares.next(), this.last);
			this.last = step;
			return step;
		}

	}

	/**
	 * The part of a middleware that has taken one millisecond.
	 *
	 * @param middleware the middleware
	 * @param previous the part that was entered before
	 */
	private record PassedStep(Middleware middleware, @Nullable StepRecord previous) implements StepRecord {

		@Override
		public long entered() {
			return 0;
		}

		@Override
		public long handedAfter() {
			return 1_000_000;
		}

		@Override
		public long own() {
			return 1_000_000;
		}

		@Override
		public MiddlewareResult result() {
			return MiddlewareResult.PASSED;
		}

	}

}
