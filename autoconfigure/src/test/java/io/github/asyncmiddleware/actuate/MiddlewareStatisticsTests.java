package io.github.asyncmiddleware.actuate;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.actuate.MiddlewareStatistics.Reading;
import io.github.asyncmiddleware.actuate.SampleStore.MiddlewareTiming;
import io.github.asyncmiddleware.actuate.SampleStore.Timing;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.sample.Sample;
import io.github.asyncmiddleware.testsupport.Allocation;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareStatistics}.
 */
class MiddlewareStatisticsTests {

	private final TestTicker ticker = new TestTicker();

	private final MiddlewareStatistics statistics = new MiddlewareStatistics(this.ticker);

	@Test
	void countsWhoBlocksAndNotTheRestOfTheApplication() {
		MiddlewareStatistics statistics = new MiddlewareStatistics(new TestTicker());
		Middleware first = TestChain.middleware(0, "first");
		statistics.onBlocked(first, 1);
		statistics.onBlocked(first, 1);
		statistics.onBlocked(null, 1);
		assertThat(statistics.read().middleware(0).blocked()).isEqualTo(2);
		assertThat(statistics.read().middleware(1).blocked()).isZero();
	}

	@Test
	void knowsNothingInTheBeginning() {
		Reading reading = this.statistics.read();
		assertThat(text(reading.app())).isEqualTo("0");
		assertThat(text(reading.middleware(0))).isEqualTo("ttfb 0, own 0, results {}");
		assertThat(text(reading.middleware(1000))).isEqualTo("ttfb 0, own 0, results {}");
	}

	@Test
	void showsWhereTheTimeOfARequestGoes() {
		HttpHandler handler = chain(busy(0, 3), busy(1, 5));
		TestChain.get(handler, "/");
		Reading reading = this.statistics.read();
		assertThat(text(reading.app())).isEqualTo("1 of at most 7 ms");
		assertThat(text(reading.middleware(0)))
			.isEqualTo("ttfb 1 of at most 15 ms, own 1 of at most 3 ms, results {PASSED=1}");
		assertThat(text(reading.middleware(1)))
			.isEqualTo("ttfb 1 of at most 12 ms, own 1 of at most 5 ms, results {PASSED=1}");
	}

	@Test
	void countsARequestWithoutAHeadOnlyInOwnTimes() {
		HttpHandler handler = chain(busy(0, 3), TestChain.middleware(1, "waiting", (exchange, chain) -> Mono.never()));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe().dispose();
		Reading reading = this.statistics.read();
		assertThat(text(reading.app())).isEqualTo("0");
		assertThat(text(reading.middleware(0))).isEqualTo("ttfb 0, own 1 of at most 3 ms, results {PASSED=1}");
		assertThat(text(reading.middleware(1))).isEqualTo("ttfb 0, own 1 of at most 0 ms, results {CANCELLED=1}");
	}

	@Test
	void countsHowPartsEnd() {
		HttpHandler handler = chain(TestChain.middleware(0, "passes"),
				TestChain.middleware(1, "decides", (exchange, chain) -> {
					String path = exchange.getRequest().getPath().value();
					if (path.equals("/fail")) {
						throw new IllegalStateException("fails");
					}
					return path.equals("/answer") ? exchange.getResponse().setComplete() : chain.filter(exchange);
				}));
		List.of("/", "/", "/", "/answer", "/answer", "/fail").forEach((path) -> TestChain.get(handler, path));
		Reading reading = this.statistics.read();
		assertThat(results(reading.middleware(0))).hasToString("{PASSED=6}");
		assertThat(results(reading.middleware(1))).hasToString("{PASSED=3, ANSWERED=2, FAILED=1}");
	}

	@Test
	void showsTheHeadOfAStreamBeforeItEnds() {
		Sinks.Many<DataBuffer> body = Sinks.many().unicast().onBackpressureBuffer();
		HttpHandler handler = new TestChain().entry(TestChain.middleware(0, "a"))
			.listener(this.statistics)
			.ticker(this.ticker)
			.handler((exchange) -> exchange.getResponse().writeWith(body.asFlux()))
			.build();
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		body.tryEmitNext(DefaultDataBufferFactory.sharedInstance.wrap(new byte[1]));
		assertThat(text(this.statistics.read().middleware(0))).isEqualTo("ttfb 1 of at most 0 ms, own 0, results {}");
		body.tryEmitComplete();
		assertThat(text(this.statistics.read().middleware(0)))
			.isEqualTo("ttfb 1 of at most 0 ms, own 1 of at most 0 ms, results {PASSED=1}");
	}

	@Test
	void forgetsWhatIsLongAgoButCountsIt() {
		HttpHandler handler = chain(TestChain.middleware(0, "a", slow(40)));
		TestChain.get(handler, "/");
		this.ticker.advance(Duration.ofMinutes(2));
		TestChain.get(chain(TestChain.middleware(0, "a", slow(20))), "/");
		assertThat(text(this.statistics.read().middleware(0).own())).isEqualTo("2 of at most 40 ms");
		this.ticker.advance(Duration.ofMinutes(3));
		assertThat(text(this.statistics.read().middleware(0).own())).isEqualTo("2 of at most 20 ms");
		this.ticker.advance(Duration.ofMinutes(2));
		assertThat(text(this.statistics.read().middleware(0).own())).isEqualTo("2");
		assertThat(text(this.statistics.read().app())).isEqualTo("2");
	}

	@Test
	void countsASampleInTheMinuteItIsFromThoughNobodyLooks() {
		HttpHandler slow = chain(TestChain.middleware(0, "a", slow(40)));
		HttpHandler fast = chain(TestChain.middleware(0, "a", slow(20)));
		TestChain.get(slow, "/");
		this.ticker.advance(Duration.ofMinutes(5));
		TestChain.get(fast, "/");
		assertThat(text(this.statistics.read().middleware(0).own())).isEqualTo("2 of at most 20 ms");
	}

	@Test
	void isExactForRequestsThatWaitForHours() {
		HttpHandler handler = chain(busy(0, Duration.ofHours(2).toMillis()));
		TestChain.get(handler, "/");
		assertThat(text(this.statistics.read().middleware(0).own())).isEqualTo("1 of at most 7200000 ms");
	}

	@Test
	void hasTheMeanAndTheQuantilesOfRequestsThatWaitForHours() {
		SampleStore store = new SampleStore();
		long[] samples = IntStream.of(9, 2, 1, 4)
			.mapToLong((hours) -> Sample.own(0, MiddlewareResult.PASSED, Duration.ofHours(hours).toNanos()))
			.toArray();
		store.count(0, samples, 0, samples.length);
		DurationHistogram window = store.middleware(0, 0).own().window();
		assertThat(Duration.ofNanos(window.mean())).hasHours(4);
		assertThat(Duration.ofNanos(window.max())).hasHours(9);
		assertThat(window.quantile(0.75)).isCloseTo(Duration.ofHours(4).toNanos(), Percentage.withPercentage(1));
	}

	@Test
	void countsTheLongestSampleThereCanBe() {
		SampleStore store = new SampleStore();
		long sample = Sample.app(Outcome.SUCCESS, Long.MAX_VALUE);
		store.count(0, new long[] { sample }, 0, 1);
		assertThat(store.app(0).window().max()).isEqualTo(Sample.nanoseconds(sample));
		assertThat(store.app(0).window().quantile(0.5)).isEqualTo(Sample.nanoseconds(sample));
	}

	@Test
	void takesLessThanTenMegabytesForThreeHundredMiddlewares() {
		SampleStore store = new SampleStore();
		Random random = new Random(42);
		long[] samples = new long[2];
		assertThat(Allocation.of(() -> {
			for (int minute = 0; minute < 5; minute++) {
				for (int index = 0; index < 300; index++) {
					for (int i = 0; i < 1000; i++) {
						samples[0] = Sample.ttfb(index, Outcome.SUCCESS, spread(random, 5_000_000));
						samples[1] = Sample.own(index, MiddlewareResult.PASSED, spread(random, 20_000));
						store.count(minute, samples, 0, 2);
					}
				}
			}
		})).isLessThan(10_000_000);
	}

	/**
	 * Durations as servers have them: most are near the median, a few take much longer.
	 */
	private static long spread(Random random, long median) {
		return (long) (median * Math.exp(0.7 * random.nextGaussian()));
	}

	private HttpHandler chain(Middleware... middlewares) {
		return new TestChain().entries(List.of(middlewares))
			.listener(this.statistics)
			.ticker(this.ticker)
			.handler((exchange) -> {
				this.ticker.advanceMillis(7);
				return exchange.getResponse().setComplete();
			})
			.build();
	}

	private Middleware busy(int index, long milliseconds) {
		return TestChain.middleware(index, "busy", slow(milliseconds));
	}

	private WebFilter slow(long milliseconds) {
		return (exchange, chain) -> {
			this.ticker.advanceMillis(milliseconds);
			return chain.filter(exchange);
		};
	}

	private static String text(MiddlewareTiming timing) {
		return "ttfb " + text(timing.ttfb()) + ", own " + text(timing.own()) + ", results " + results(timing);
	}

	private static Map<MiddlewareResult, Long> results(MiddlewareTiming timing) {
		Map<MiddlewareResult, Long> results = new EnumMap<>(MiddlewareResult.class);
		for (MiddlewareResult result : MiddlewareResult.values()) {
			if (timing.results()[result.ordinal()] != 0) {
				results.put(result, timing.results()[result.ordinal()]);
			}
		}
		return results;
	}

	private static String text(Timing timing) {
		return timing.count() + (timing.window().isEmpty() ? ""
				: " of at most " + Duration.ofNanos(timing.window().max()).toMillis() + " ms");
	}

}
