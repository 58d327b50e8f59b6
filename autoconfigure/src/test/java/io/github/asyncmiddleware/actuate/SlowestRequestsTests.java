package io.github.asyncmiddleware.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.actuate.SlowestRequests.SlowRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.Waterfall;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebFilter;
import org.springframework.web.util.pattern.PathPatternParser;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SlowestRequests}.
 */
class SlowestRequestsTests {

	private final TestTicker ticker = new TestTicker();

	private final SlowestRequests requests = new SlowestRequests(this.ticker, () -> RequestTraces.NONE);

	/** How long the next request takes. */
	private final AtomicLong milliseconds = new AtomicLong();

	@Test
	void keepsARequestWhoseStreamOutlivesTheWindow() {
		Sinks.Empty<Void> end = Sinks.empty();
		HttpHandler handler = new TestChain().middleware("a", (exchange, chain) -> {
			this.ticker.advanceMillis(7);
			return chain.filter(exchange);
		})
			.listener(this.requests)
			.ticker(this.ticker)
			.handler((exchange) -> exchange.getResponse().setComplete().then(end.asMono()))
			.build();
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		this.ticker.advance(Duration.ofMinutes(6));
		end.tryEmitEmpty();
		assertThat(totals(this.requests.slowest())).containsExactly(7L);
	}

	@Test
	void copiesWhereTheTimeWent() {
		WebFilter before = (exchange, chain) -> {
			this.ticker.advanceMillis(3);
			return chain.filter(exchange).doOnSuccess((none) -> this.ticker.advanceMillis(1000));
		};
		WebFilter answers = (exchange, chain) -> {
			this.ticker.advance(Duration.ofNanos(5_000_001));
			return exchange.getResponse().setComplete();
		};
		HttpHandler handler = new TestChain().foreign("foreign", (exchange, chain) -> {
			this.ticker.advanceMillis(2);
			return chain.filter(exchange);
		})
			.middleware("outer", before)
			.middleware("inner", before)
			.middleware("last", answers)
			.listener(this.requests)
			.ticker(this.ticker)
			.build();
		TestChain.get(handler, "/secret?token=secret");
		SlowRequest request = this.requests.slowest().get(0);
		assertThat(request.traceId()).isNull();
		assertThat(request.toString()).doesNotContain("secret");
		Waterfall waterfall = request.waterfall();
		assertThat(waterfall.method() + " " + waterfall.uri() + " " + waterfall.status() + " " + waterfall.result())
			.isEqualTo("GET UNKNOWN 200 OK");
		assertThat(waterfall.steps())
			.extracting((step) -> step.name() + " " + step.entered() + " " + step.handed() + " " + step.own() + " "
					+ step.result())
			.containsExactly("outer 2000000 5000000 3000000 PASSED", "inner 5000000 8000000 3000000 PASSED",
					"last 8000000 null 5000001 ANSWERED");
		assertThat(waterfall.total()).isEqualTo(13_000_001);
		long own = waterfall.steps().stream().mapToLong(Waterfall.Step::own).sum();
		assertThat(own + waterfall.app()).as("to the nanosecond")
			.isEqualTo(waterfall.total() - waterfall.steps().get(0).entered());
	}

	@Test
	void keepsTheSlowestOnly() {
		HttpHandler handler = handler();
		LongStream.range(0, 300).forEach((i) -> take(handler, i * 7 % 300));
		assertThat(totals(this.requests.slowest())).hasSize(SlowestList.SIZE)
			.startsWith(299L, 298L, 297L)
			.endsWith(281L, 280L);
		assertThat(this.requests.troubled()).isEmpty();
	}

	@Test
	void leavesOutRequestsThatNoMiddlewareHasEntered() {
		MiddlewareScope api = new MiddlewareScope(List.of(PathPatternParser.defaultInstance.parse("/api")), List.of(),
				Set.of());
		HttpHandler handler = new TestChain()
			.entries(List.of(new Middleware(0, "scoped", Object.class, 0, api, (exchange, chain) -> {
				this.ticker.advanceMillis(3);
				return chain.filter(exchange);
			})))
			.listener(this.requests)
			.ticker(this.ticker)
			.handler((exchange) -> {
				this.ticker.advanceMillis(this.milliseconds.get());
				return exchange.getResponse().setComplete();
			})
			.build();
		take(handler, 500, "/scrape");
		take(handler, 7, "/api");
		assertThat(totals(this.requests.slowest())).containsExactly(10L);
	}

	@Test
	void forgetsWhatIsOlderThanTheWindow() {
		HttpHandler handler = handler();
		take(handler, 50);
		this.ticker.advance(Duration.ofMinutes(2));
		take(handler, 40);
		assertThat(totals(this.requests.slowest())).containsExactly(50L, 40L);
		this.ticker.advance(Duration.ofMinutes(3));
		assertThat(totals(this.requests.slowest())).containsExactly(40L);
		take(handler, 1);
		assertThat(totals(this.requests.slowest())).containsExactly(40L, 1L);
		this.ticker.advance(Duration.ofMinutes(10));
		assertThat(this.requests.slowest()).isEmpty();
	}

	@Test
	void keepsThoseInWhichAMiddlewareDidNotDoItsWork() {
		HttpHandler handler = new TestChain()
			.middleware("optional", OnFailure.SKIP, MiddlewareCode.of((exchange, chain) -> {
				this.ticker.advanceMillis(this.milliseconds.get());
				return fails(exchange.getRequest().getQueryParams().containsKey("fail"), chain.filter(exchange));
			}))
			.listener(this.requests)
			.ticker(this.ticker)
			.build();
		LongStream.range(0, 100).forEach((i) -> take(handler, 1000 + i));
		take(handler, 3, "/?fail");
		take(handler, 5, "/?fail");
		assertThat(totals(this.requests.slowest())).startsWith(1099L);
		assertThat(this.requests.troubled()).extracting((request) -> request.waterfall().steps().get(0))
			.extracting((step) -> step.own() + " " + step.handed() + " " + step.result())
			.containsExactly("5000000 5000000 FAILED_OPEN", "3000000 3000000 FAILED_OPEN");
	}

	@Test
	void countsARequestWithoutAHeadUntilItsEnd() {
		HttpHandler handler = new TestChain().middleware("waits", (exchange, chain) -> {
			this.ticker.advanceMillis(4);
			return Mono.never();
		}).listener(this.requests).ticker(this.ticker).build();
		TestChain.exchange(handler, MockServerHttpRequest.method(HttpMethod.valueOf("BREW"), "/").build())
			.subscribe()
			.dispose();
		Waterfall waterfall = this.requests.slowest().get(0).waterfall();
		assertThat(waterfall.method() + " " + waterfall.status() + " " + waterfall.result() + " " + waterfall.total())
			.isEqualTo("UNKNOWN 0 GONE_BEFORE_HEAD 4000000");
		assertThat(waterfall.steps()).extracting((step) -> step.result() + " " + step.handed())
			.containsExactly("CANCELLED null");
	}

	@Test
	void namesTheTrace() {
		SlowestRequests traced = new SlowestRequests(this.ticker, () -> new RequestTraces() {

			@Override
			public Object of(RequestRecord request) {
				return "trace";
			}

			@Override
			public @Nullable String id(Object trace) {
				return "id of " + trace;
			}

			@Override
			public Aside stepAside() {
				return Aside.NOWHERE;
			}

		});
		TestChain.get(
				new TestChain().middleware("a", (exchange, chain) -> chain.filter(exchange)).listener(traced).build(),
				"/");
		assertThat(traced.slowest()).extracting(SlowRequest::traceId).containsExactly("id of trace");
	}

	private static Mono<Void> fails(boolean fails, Mono<Void> otherwise) {
		return fails ? Mono.error(new IllegalStateException("fails")) : otherwise;
	}

	private HttpHandler handler() {
		return new TestChain().middleware("a", (exchange, chain) -> {
			this.ticker.advanceMillis(this.milliseconds.get());
			return chain.filter(exchange);
		}).listener(this.requests).ticker(this.ticker).build();
	}

	private void take(HttpHandler handler, long milliseconds) {
		take(handler, milliseconds, "/");
	}

	private void take(HttpHandler handler, long milliseconds, String path) {
		this.milliseconds.set(milliseconds);
		TestChain.get(handler, path);
	}

	private static List<Long> totals(List<SlowRequest> requests) {
		return requests.stream().map((request) -> request.waterfall().total() / 1_000_000).toList();
	}

}
