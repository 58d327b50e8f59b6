package io.github.asyncmiddleware.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.internal.sample.Sample;
import io.github.asyncmiddleware.internal.sample.SampleListener;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.testsupport.Allocation;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.ContextView;

import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsProperties;
import org.springframework.boot.micrometer.metrics.autoconfigure.PropertiesMeterFilter;
import org.springframework.boot.micrometer.metrics.autoconfigure.ServiceLevelObjectiveBoundary;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MicrometerRequestListener}.
 */
class MicrometerRequestListenerTests {

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final TestTicker ticker = new TestTicker();

	@Test
	void recordsWhoBlocksAndCountsWhoWaits() {
		Middleware first = TestChain.middleware(0, "first");
		Middleware second = TestChain.middleware(1, "second");
		ActiveRequests active = new ActiveRequests();
		RequestListener listener = MiddlewareMetrics.listener(this.registry, List.of(first, second), false,
				List.of((middleware) -> Tags.of("team", middleware)), active, RequestTraces.NONE);
		assertThat(this.registry.find("async.middleware.blocked").timers()).extracting(Timer::count)
			.containsExactly(0L, 0L, 0L);
		listener.onBlocked(first, 120_000_000);
		listener.onBlocked(first, 80_000_000);
		listener.onBlocked(null, 70_000_000);
		Timer blocked = this.registry.get("async.middleware.blocked")
			.tags("middleware", "first", "team", "first")
			.timer();
		assertThat(blocked.count()).isEqualTo(2);
		assertThat(blocked.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(200);
		assertThat(
				this.registry.get("async.middleware.blocked").tags("middleware", "app", "team", "none").timer().count())
			.isOne();
		assertThat(this.registry.find("async.middleware.blocked").timers()).hasSize(3);
		active.set(new int[] { 3, 0 }, new long[] { 1500, 0 });
		assertThat(this.registry.get("async.middleware.active").tag("middleware", "first").gauge().value())
			.isEqualTo(3);
		assertThat(this.registry.get("async.middleware.active").tag("middleware", "second").gauge().value()).isZero();
		assertThat(this.registry.get("async.middleware.active.oldest")
			.tag("middleware", "first")
			.timeGauge()
			.value(TimeUnit.SECONDS)).isEqualTo(1.5);
	}

	@Test
	void registersTheCommonMetersAtStartUp() {
		MiddlewareMetrics.listener(this.registry, List.of(TestChain.middleware(0, "a"), TestChain.middleware(1, "b")),
				List.of());
		assertThat(samples()).containsExactly("async.middleware.app{outcome=SUCCESS} 0 0",
				"async.middleware.blocked{middleware=app} 0 0", "async.middleware.blocked{middleware=a} 0 0",
				"async.middleware.blocked{middleware=b} 0 0",
				"async.middleware.misuse{kind=dropped_next,middleware=a} 0",
				"async.middleware.misuse{kind=dropped_next,middleware=b} 0",
				"async.middleware.misuse{kind=late_next,middleware=a} 0",
				"async.middleware.misuse{kind=late_next,middleware=b} 0",
				"async.middleware.misuse{kind=null_result,middleware=a} 0",
				"async.middleware.misuse{kind=null_result,middleware=b} 0",
				"async.middleware.misuse{kind=repeated_next,middleware=a} 0",
				"async.middleware.misuse{kind=repeated_next,middleware=b} 0",
				"async.middleware.misuse{kind=unawaited_next,middleware=a} 0",
				"async.middleware.misuse{kind=unawaited_next,middleware=b} 0",
				"async.middleware.own{middleware=a,result=passed} 0 0",
				"async.middleware.own{middleware=b,result=passed} 0 0", "async.middleware.requests{result=cut} 0",
				"async.middleware.requests{result=error_page} 0", "async.middleware.requests{result=fatal} 0",
				"async.middleware.requests{result=gone_after_head} 0",
				"async.middleware.requests{result=gone_before_head} 0", "async.middleware.requests{result=ok} 0",
				"async.middleware.requests{result=upgraded} 0",
				"async.middleware.ttfb{middleware=a,outcome=SUCCESS} 0 0",
				"async.middleware.ttfb{middleware=b,outcome=SUCCESS} 0 0");
	}

	@Test
	void registersAtStartUpHowRequestsGoOnWithoutAMiddleware() {
		assertThat(resultsAtStartUp(OnFailure.FAIL, null, RunsOn.POOL, null)).containsExactly("passed");
		assertThat(resultsAtStartUp(OnFailure.SKIP, null, RunsOn.EVENT_LOOP, null)).containsExactly("failed_open",
				"passed");
		assertThat(resultsAtStartUp(OnFailure.SKIP, Duration.ofMillis(1), RunsOn.POOL, null))
			.containsExactly("failed_open", "passed", "shed_open", "timeout_open");
		assertThat(resultsAtStartUp(OnFailure.FAIL, null, RunsOn.EVENT_LOOP, new Hook(true, false)))
			.containsExactly("failed_open", "passed");
		assertThat(resultsAtStartUp(OnFailure.FAIL, null, RunsOn.EVENT_LOOP, new Hook(false, false)))
			.containsExactly("failed_open", "passed");
		assertThat(resultsAtStartUp(OnFailure.FAIL, Duration.ofMillis(1), RunsOn.EVENT_LOOP, new Hook(false, true)))
			.containsExactly("failed_open", "passed", "shed_open", "timeout_open");
	}

	private static List<String> resultsAtStartUp(OnFailure onFailure, @Nullable Duration timeout, RunsOn runsOn,
			@Nullable ResponseHook onResponse) {
		MeterRegistry registry = new SimpleMeterRegistry();
		MiddlewareCode code = new MiddlewareCode(Style.HOOKS, runsOn, (exchange, chain) -> chain.filter(exchange), null,
				onResponse);
		MiddlewareMetrics.listener(registry,
				List.of(new Middleware(0, "a", Object.class, 0, MiddlewareScope.ALL, onFailure, timeout, code)),
				List.of());
		return registry.get("async.middleware.own")
			.timers()
			.stream()
			.map((timer) -> timer.getId().getTag("result"))
			.sorted()
			.toList();
	}

	@Test
	void registersNothingWithoutMiddlewares() {
		RequestListener listener = MiddlewareMetrics.listener(this.registry, List.of(),
				List.of((name) -> Tags.of("team", "x")));
		HttpHandler handler = new TestChain().entry(TestChain.middleware(0, "a")).listener(listener).build();
		TestChain.get(handler, "/");
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void describesEveryMeter() {
		Middleware middleware = TestChain.middleware(0, "a");
		TestChain.get(chain(respond(200), middleware), "/");
		RequestListener listener = MiddlewareMetrics.listener(this.registry, List.of(middleware), false, List.of(),
				new ActiveRequests(), RequestTraces.NONE);
		listener.onMisuse(middleware, Misuse.DROPPED_NEXT);
		listener.onBlocked(middleware, 1);
		for (AsyncMiddlewareMeters meter : AsyncMiddlewareMeters.values()) {
			assertThat(this.registry.get(meter.meterName()).meters()).allSatisfy((found) -> {
				assertThat(found.getId().getDescription()).isEqualTo(meter.description());
				assertThat(found.getId().getTags()).extracting((tag) -> tag.getKey())
					.containsExactlyInAnyOrderElementsOf(meter.tagKeys());
			});
		}
	}

	@Test
	void countsMisuseByMiddlewareAndKind() {
		Middleware first = TestChain.middleware(0, "a");
		Middleware second = TestChain.middleware(1, "b");
		RequestListener listener = MiddlewareMetrics.listener(this.registry, List.of(first, second), List.of());
		listener.onMisuse(first, Misuse.LATE_NEXT);
		listener.onMisuse(second, Misuse.LATE_NEXT);
		listener.onMisuse(second, Misuse.LATE_NEXT);
		listener.onMisuse(second, Misuse.NULL_RESULT);
		assertThat(this.registry.get("async.middleware.misuse").counters()).filteredOn((counter) -> counter.count() > 0)
			.extracting((counter) -> counter.getId().getTag("middleware") + " " + counter.getId().getTag("kind") + " "
					+ counter.count())
			.containsExactlyInAnyOrder("a late_next 1.0", "b late_next 2.0", "b null_result 1.0");
	}

	@Test
	void recordsWhereTheTimeOfARequestGoes() {
		HttpHandler handler = chain(takes(7, respond(200)), TestChain.middleware(0, "outer", new Busy(this.ticker, 3)),
				TestChain.middleware(1, "inner", new Busy(this.ticker, 5)));
		TestChain.get(handler, "/");
		assertThat(recorded()).containsExactly("async.middleware.app{outcome=SUCCESS} 1 7",
				"async.middleware.own{middleware=inner,result=passed} 1 5",
				"async.middleware.own{middleware=outer,result=passed} 1 3",
				"async.middleware.request.ttfb" + "{method=GET,outcome=SUCCESS,status=200,uri=UNKNOWN} 1 15",
				"async.middleware.requests{result=ok} 1",
				"async.middleware.ttfb{middleware=inner,outcome=SUCCESS} 1 12",
				"async.middleware.ttfb{middleware=outer,outcome=SUCCESS} 1 15");
	}

	@Test
	void recordsAMiddlewareThatAnswers() {
		HttpHandler handler = chain(respond(200), TestChain.middleware(0, "outer", new Busy(this.ticker, 3)),
				TestChain.middleware(1, "guard", (exchange, chain) -> respond(403).handle(exchange)),
				TestChain.middleware(2, "never"));
		TestChain.get(handler, "/");
		assertThat(recorded()).containsExactly("async.middleware.app{outcome=CLIENT_ERROR} 1 0",
				"async.middleware.own{middleware=guard,result=answered} 1 0",
				"async.middleware.own{middleware=outer,result=passed} 1 3",
				"async.middleware.request.ttfb{method=GET,outcome=CLIENT_ERROR,status=403,uri=UNKNOWN} 1 3",
				"async.middleware.requests{result=ok} 1",
				"async.middleware.ttfb{middleware=guard,outcome=CLIENT_ERROR} 1 0",
				"async.middleware.ttfb{middleware=outer,outcome=CLIENT_ERROR} 1 3");
	}

	@Test
	void recordsAMiddlewareThatFails() {
		HttpHandler handler = chain(respond(200), TestChain.middleware(0, "broken", (exchange, chain) -> {
			this.ticker.advanceMillis(2);
			throw new IllegalStateException("broken");
		}));
		TestChain.get(handler, "/");
		assertThat(recorded()).containsExactly("async.middleware.app{outcome=SERVER_ERROR} 1 0",
				"async.middleware.own{middleware=broken,result=failed} 1 2",
				"async.middleware.request.ttfb{method=GET,outcome=SERVER_ERROR,status=500,uri=UNKNOWN} 1 2",
				"async.middleware.requests{result=error_page} 1",
				"async.middleware.ttfb{middleware=broken,outcome=SERVER_ERROR} 1 2");
	}

	@Test
	void recordsNoTimeToFirstByteWithoutAHead() {
		HttpHandler handler = chain((exchange) -> Mono.never(), TestChain.middleware(0, "passed"),
				TestChain.middleware(1, "waiting", (exchange, chain) -> {
					this.ticker.advanceMillis(4);
					return Mono.never();
				}));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe().dispose();
		assertThat(recorded()).containsExactly("async.middleware.own{middleware=passed,result=passed} 1 0",
				"async.middleware.own{middleware=waiting,result=cancelled} 1 4",
				"async.middleware.requests{result=gone_before_head} 1");
	}

	@Test
	void recordsTheHeadOfAStreamBeforeItEnds() {
		Sinks.Many<DataBuffer> body = Sinks.many().unicast().onBackpressureBuffer();
		HttpHandler handler = chain((exchange) -> exchange.getResponse().writeWith(body.asFlux()),
				TestChain.middleware(0, "a"));
		StepVerifier.create(TestChain.exchange(handler, MockServerHttpRequest.get("/").build())).then(() -> {
			body.tryEmitNext(buffer("first"));
			assertThat(recorded()).containsExactly("async.middleware.app{outcome=SUCCESS} 1 0",
					"async.middleware.request.ttfb{method=GET,outcome=SUCCESS,status=200,uri=UNKNOWN} 1 0",
					"async.middleware.ttfb{middleware=a,outcome=SUCCESS} 1 0");
			this.ticker.advanceMillis(1000);
			body.tryEmitComplete();
		}).expectComplete().verify(Duration.ofSeconds(10));
		assertThat(recorded()).containsExactly("async.middleware.app{outcome=SUCCESS} 1 0",
				"async.middleware.own{middleware=a,result=passed} 1 0",
				"async.middleware.request.ttfb{method=GET,outcome=SUCCESS,status=200,uri=UNKNOWN} 1 0",
				"async.middleware.requests{result=ok} 1", "async.middleware.ttfb{middleware=a,outcome=SUCCESS} 1 0");
	}

	@Test
	void recordsABodyThatBreaksOffAsCut() {
		HttpHandler handler = chain((exchange) -> exchange.getResponse()
			.writeWith(Flux.concat(Mono.just(buffer("first")), Mono.error(new IllegalStateException("broken")))),
				TestChain.middleware(0, "a"));
		StepVerifier.create(TestChain.exchange(handler, MockServerHttpRequest.get("/").build()))
			.expectError()
			.verify(Duration.ofSeconds(10));
		assertThat(recorded()).contains("async.middleware.requests{result=cut} 1",
				"async.middleware.ttfb{middleware=a,outcome=SUCCESS} 1 0");
	}

	@Test
	void recordsAnUpgradeWithTheStatusTheClientGets() {
		HttpHandler handler = chain((exchange) -> {
			// As upgrade strategies do, which a mock would refuse
			((ServerHttpResponseDecorator) exchange.getResponse()).getDelegate();
			return exchange.getResponse().setComplete();
		}, TestChain.middleware(0, "a"));
		TestChain
			.exchange(handler,
					MockServerHttpRequest.get("/")
						.header("Upgrade", "websocket")
						.header("Sec-WebSocket-Version", "13")
						.build())
			.block(Duration.ofSeconds(10));
		assertThat(recorded()).containsExactly("async.middleware.app{outcome=INFORMATIONAL} 1 0",
				"async.middleware.own{middleware=a,result=passed} 1 0",
				"async.middleware.request.ttfb{method=GET,outcome=INFORMATIONAL,status=101,uri=UNKNOWN} 1 0",
				"async.middleware.requests{result=upgraded} 1",
				"async.middleware.ttfb{middleware=a,outcome=INFORMATIONAL} 1 0");
	}

	@Test
	void recordsARequestThatEntersNoMiddleware() {
		HttpHandler handler = chain(respond(200),
				new Middleware(0, "posts", Busy.class, 0,
						new MiddlewareScope(List.of(), List.of(), Set.of(HttpMethod.POST)),
						(exchange, chain) -> chain.filter(exchange)));
		TestChain.get(handler, "/");
		assertThat(recorded()).containsExactly(
				"async.middleware.request.ttfb{method=GET,outcome=SUCCESS,status=200,uri=UNKNOWN} 1 0",
				"async.middleware.requests{result=ok} 1");
	}

	@ParameterizedTest
	@CsvSource({ "100, INFORMATIONAL", "200, SUCCESS", "299, SUCCESS", "304, REDIRECTION", "399, UNKNOWN",
			"404, CLIENT_ERROR", "499, UNKNOWN", "503, SERVER_ERROR", "599, UNKNOWN", "999, UNKNOWN" })
	void tagsTheOutcome(int status, String outcome) {
		TestChain.get(chain(respond(status), TestChain.middleware(0, "a")), "/");
		assertThat(recorded()).contains("async.middleware.ttfb{middleware=a,outcome=" + outcome + "} 1 0",
				"async.middleware.app{outcome=" + outcome + "} 1 0");
	}

	@Test
	void followsThePropertiesOfBoot() {
		MetricsProperties properties = new MetricsProperties();
		properties.getDistribution()
			.getSlo()
			.put("async.middleware",
					new ServiceLevelObjectiveBoundary[] { ServiceLevelObjectiveBoundary.valueOf("50ms") });
		properties.getEnable().put("async.middleware.app", false);
		this.registry.config().meterFilter(new PropertiesMeterFilter(properties));
		TestChain.get(chain(respond(200), TestChain.middleware(0, "a")), "/");
		assertThat(this.registry.find("async.middleware.app").meter()).isNull();
		for (String name : List.of("async.middleware.ttfb", "async.middleware.own", "async.middleware.request.ttfb")) {
			assertThat(this.registry.get(name).timer().takeSnapshot().histogramCounts())
				.extracting((bucket) -> bucket.bucket(TimeUnit.MILLISECONDS))
				.containsExactly(50.0);
		}
	}

	@Test
	void ignoresAMiddlewareItWasNotToldAbout() {
		RequestListener listener = MiddlewareMetrics.listener(this.registry,
				List.of(TestChain.middleware(0, "known"), TestChain.middleware(2, "alsoKnown")), List.of());
		HttpHandler handler = new TestChain().entry(TestChain.middleware(0, "known"))
			.entry(TestChain.middleware(1, "hole"))
			.entry(TestChain.middleware(2, "alsoKnown"))
			.entry(TestChain.middleware(3, "beyond"))
			.listener(listener)
			.promptly()
			.ticker(this.ticker)
			.build();
		TestChain.get(handler, "/");
		assertThat(recorded()).containsExactly("async.middleware.app{outcome=SUCCESS} 1 0",
				"async.middleware.own{middleware=alsoKnown,result=passed} 1 0",
				"async.middleware.own{middleware=known,result=passed} 1 0",
				"async.middleware.request.ttfb{method=GET,outcome=SUCCESS,status=200,uri=UNKNOWN} 1 0",
				"async.middleware.requests{result=ok} 1",
				"async.middleware.ttfb{middleware=alsoKnown,outcome=SUCCESS} 1 0",
				"async.middleware.ttfb{middleware=known,outcome=SUCCESS} 1 0");
	}

	@Test
	void keepsTheNumberOfMetersWhateverClientsSend() {
		HttpHandler handler = chain(
				(exchange) -> respond(exchange.getRequest().getPath().value().endsWith("7") ? 404 : 200)
					.handle(exchange),
				TestChain.middleware(0, "a"));
		for (HttpMethod method : HttpMethod.values()) {
			TestChain.request(handler, method, "/1");
			TestChain.request(handler, method, "/7");
		}
		TestChain.request(handler, HttpMethod.valueOf("FIRST"), "/1");
		TestChain.request(handler, HttpMethod.valueOf("FIRST"), "/7");
		int meters = this.registry.getMeters().size();
		for (int i = 0; i < 2000; i++) {
			HttpMethod method = (i % 3 == 0) ? HttpMethod.valueOf("X" + i) : HttpMethod.values()[i % 8];
			TestChain.request(handler, method, "/random/" + i);
		}
		assertThat(this.registry.getMeters()).hasSize(meters);
		assertThat(this.registry.get("async.middleware.request.ttfb").tag("method", "UNKNOWN").timers()).hasSize(2);
	}

	@Test
	void losesNothingWhenManyThreadsRecord() throws Exception {
		int threads = 4;
		int requests = 2000;
		int[] statuses = { 200, 302, 404, 503 };
		HttpHandler handler = chain(
				(exchange) -> respond(Integer.parseInt(exchange.getRequest().getPath().value().substring(1)))
					.handle(exchange),
				TestChain.middleware(0, "a"), TestChain.middleware(1, "b"));
		inParallel(threads, () -> IntStream.range(0, requests)
			.forEach((i) -> TestChain.get(handler, "/" + statuses[i % statuses.length])));
		assertThat(this.registry.get("async.middleware.requests").tag("result", "ok").counter().count())
			.isEqualTo(threads * requests);
		for (String middleware : List.of("a", "b")) {
			assertThat(this.registry.get("async.middleware.own").tag("middleware", middleware).timer().count())
				.isEqualTo(threads * requests);
			assertThat(this.registry.get("async.middleware.ttfb").tag("middleware", middleware).timers())
				.extracting(Timer::count)
				.containsOnly((long) threads * requests / statuses.length)
				.hasSize(statuses.length);
		}
	}

	@Test
	void allocatesNothingPerRequest() {
		List<Middleware> middlewares = IntStream.range(0, 50)
			.mapToObj((i) -> TestChain.middleware(i, "m" + i))
			.toList();
		SampleListener listener = (SampleListener) MiddlewareMetrics.listener(this.registry, middlewares, List.of());
		long[] samples = IntStream.range(0, 50)
			.boxed()
			.flatMapToLong((i) -> LongStream.of(Sample.ttfb(i, Outcome.SUCCESS, 1000),
					Sample.own(i, MiddlewareResult.PASSED, 10)))
			.toArray();
		TestChain.inspect(middlewares, (request) -> {
			record(listener, request, samples, 100);
			assertThat(Allocation.ofEach(3, () -> record(listener, request, samples, 1000))).isLessThan(1000);
		});
		assertThat(this.registry.get("async.middleware.own").tag("middleware", "m49").timer().count()).isEqualTo(3100);
	}

	@Test
	void asksForTheWallTimeOncePerBatch() {
		AtomicInteger questions = new AtomicInteger();
		Clock system = new Clock() {

			@Override
			public long wallTime() {
				questions.incrementAndGet();
				return Clock.SYSTEM.wallTime();
			}

			@Override
			public long monotonicTime() {
				return Clock.SYSTEM.monotonicTime();
			}

		};
		BatchClock clock = new BatchClock(system);
		MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
		SampleListener listener = (SampleListener) MiddlewareMetrics.listener(registry,
				List.of(TestChain.middleware(0, "a")), List.of());
		long[] samples = { Sample.app(Outcome.SUCCESS, 5), Sample.ttfb(0, Outcome.SUCCESS, 7),
				Sample.own(0, MiddlewareResult.PASSED, 2), Sample.ttfb(0, Outcome.SUCCESS, 9) };
		questions.set(0);
		listener.onSamples(samples, 0, samples.length, 0);
		assertThat(questions).hasValue(1);
		clock.wallTime();
		assertThat(questions).as("after the batch").hasValue(2);
		assertThat(registry.get("async.middleware.ttfb").timer().max(TimeUnit.NANOSECONDS)).isEqualTo(9);
	}

	private static void record(SampleListener listener, RequestRecord request, long[] samples, int times) {
		for (int i = 0; i < times; i++) {
			listener.onHead(request);
			listener.onSamples(samples, 0, samples.length, 0);
			listener.onEnd(request, RequestResult.OK);
		}
	}

	private HttpHandler chain(WebHandler handler, Middleware... middlewares) {
		return new TestChain().entries(List.of(middlewares))
			.listener(MiddlewareMetrics.listener(this.registry, List.of(middlewares), List.of()))
			.promptly()
			.ticker(this.ticker)
			.handler(handler)
			.build();
	}

	private WebHandler takes(long milliseconds, WebHandler handler) {
		return (exchange) -> {
			this.ticker.advanceMillis(milliseconds);
			return handler.handle(exchange);
		};
	}

	private static WebHandler respond(int status) {
		return (exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatusCode.valueOf(status));
			return exchange.getResponse().setComplete();
		};
	}

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes());
	}

	private static void inParallel(int threads, Runnable work) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		try {
			CountDownLatch start = new CountDownLatch(1);
			List<Future<?>> futures = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				futures.add(executor.submit(() -> {
					start.await();
					work.run();
					return null;
				}));
			}
			start.countDown();
			for (Future<?> future : futures) {
				future.get(30, TimeUnit.SECONDS);
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	/**
	 * The meters with something in them, in order.
	 */
	private List<String> recorded() {
		return samples().stream().filter((sample) -> !sample.endsWith(" 0 0") && !sample.endsWith("} 0")).toList();
	}

	/**
	 * All meters: name, tags, count and milliseconds.
	 */
	private List<String> samples() {
		TreeSet<String> samples = new TreeSet<>();
		for (Meter meter : this.registry.getMeters()) {
			Meter.Id id = meter.getId();
			String tags = id.getTags().stream().map((tag) -> tag.getKey() + "=" + tag.getValue()).toList().toString();
			String value = (meter instanceof Timer timer)
					? timer.count() + " " + (long) timer.totalTime(TimeUnit.MILLISECONDS)
					: String.valueOf((long) ((Counter) meter).count());
			samples.add(id.getName() + tags.replace('[', '{').replace(']', '}').replace(", ", ",") + " " + value);
		}
		return List.copyOf(samples);
	}

	/**
	 * Does nothing before the head.
	 */
	private record Hook(boolean isSynchronous, boolean mayBlock) implements ResponseHook {

		@Override
		public @Nullable Mono<Void> onResponse(ServerWebExchange exchange, ContextView context) {
			return null;
		}

	}

	/**
	 * Takes its time before it hands over.
	 */
	private record Busy(TestTicker ticker, long milliseconds) implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			this.ticker.advanceMillis(this.milliseconds);
			return chain.filter(exchange);
		}

	}

}
