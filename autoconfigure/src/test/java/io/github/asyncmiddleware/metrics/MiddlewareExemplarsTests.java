package io.github.asyncmiddleware.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.core.instrument.step.StepTimer;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.prometheus.metrics.config.PrometheusPropertiesException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.tracer.common.SpanContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareExemplars}, with OpenTelemetry and Prometheus.
 */
class MiddlewareExemplarsTests {

	private static final int THREADS = 4;

	private static final int REQUESTS = 6_000;

	/** Two of each middleware, one of the application. */
	private static final long SAMPLES = 5L * THREADS * REQUESTS;

	private final SdkTracerProvider provider = SdkTracerProvider.builder().build();

	private final io.opentelemetry.api.trace.Tracer otel = this.provider.get("test");

	private final Tracer tracer = new OtelTracer(this.otel, new OtelCurrentTraceContext(), (event) -> {
	});

	private final List<Middleware> middlewares = List.of(TestChain.middleware(0, "a"), TestChain.middleware(1, "b"));

	private final AtomicLong requests = new AtomicLong();

	private final Measured measured = new Measured(MiddlewareExemplars.traces(() -> this.tracer));

	/**
	 * Each of these threads is in the trace of something else all the time, and records
	 * the samples of all the others, too.
	 */
	@Test
	void nameTheTraceOfTheRequestThatWasMeasured() throws Exception {
		SpanContext spans = MiddlewareExemplars.spanContext(() -> this.tracer);
		AskingRegistry asking = new AskingRegistry(spans, this.measured);
		CompositeMeterRegistry registries = new CompositeMeterRegistry();
		registries.add(asking);
		PrometheusMeterRegistry prometheus = prometheus(spans);
		registries.add(prometheus);
		HttpHandler handler = chain(registries);
		Set<String> seen = new HashSet<>();
		load(handler, () -> check(prometheus, seen));
		Awaitility.await().atMost(Duration.ofSeconds(30)).until(asking.asked::get, (asked) -> asked == SAMPLES);
		asking.check();
		check(prometheus, seen);
		assertThat(seen).hasSizeGreaterThan(3);
	}

	@Test
	void nameNoTraceWhereTheRegistryAsksTheTracer() throws Exception {
		SpanContext ofThread = new SpanContext() {

			@Override
			public String getCurrentTraceId() {
				Span span = MiddlewareExemplarsTests.this.tracer.currentSpan();
				return (span != null) ? span.context().traceId() : null;
			}

			@Override
			public String getCurrentSpanId() {
				return null;
			}

			@Override
			public boolean isCurrentSpanSampled() {
				return getCurrentTraceId() != null;
			}

			@Override
			public void markCurrentSpanAsExemplar() {
			}

		};
		AskingRegistry asking = new AskingRegistry(ofThread, this.measured);
		load(chain(asking), () -> {
		});
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.until(asking.recorded::get, (recorded) -> recorded == SAMPLES);
		assertThat(asking.asked).hasValue(0);
		assertThat(asking.askedOfRequest).as("traces of the time of a request").hasValue(0);
	}

	private HttpHandler chain(MeterRegistry registry) {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig()
			.observationHandler(new PropagatingReceiverTracingObservationHandler<>(this.tracer,
					new OtelPropagator(ContextPropagators.create(W3CTraceContextPropagator.getInstance()), this.otel)));
		return new TestChain().entries(this.middlewares)
			.listener(this.measured)
			.listener(MiddlewareMetrics.listener(registry, this.middlewares, false, List.of(), null,
					MiddlewareExemplars.traces(() -> this.tracer)))
			.observationRegistry(observations)
			.build();
	}

	private void load(HttpHandler handler, Runnable meanwhile) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(THREADS);
		try {
			CountDownLatch start = new CountDownLatch(1);
			List<Future<?>> futures = new ArrayList<>();
			for (int i = 0; i < THREADS; i++) {
				futures.add(executor.submit(() -> {
					start.await();
					Tracer.SpanInScope other = this.tracer.withSpan(this.tracer.nextSpan().start());
					for (int request = 0; request < REQUESTS; request++) {
						get(handler);
					}
					other.close();
					return null;
				}));
			}
			start.countDown();
			for (Future<?> future : futures) {
				while (!isDone(future)) {
					meanwhile.run();
				}
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	/**
	 * A request in a trace of its own, as callers begin it.
	 */
	private void get(HttpHandler handler) {
		String parent = "00-%032x-%016x-01".formatted(this.requests.incrementAndGet(), 1);
		TestChain.exchange(handler, MockServerHttpRequest.get("/").header("traceparent", parent).build())
			.block(Duration.ofSeconds(10));
	}

	private static boolean isDone(Future<?> future) throws Exception {
		try {
			future.get(100, TimeUnit.MILLISECONDS);
			return true;
		}
		catch (TimeoutException ex) {
			return false;
		}
	}

	private PrometheusMeterRegistry prometheus(SpanContext spans) {
		try {
			return prometheus(spans, "sample_interval_milliseconds", "min_retention_period_seconds");
		}
		catch (PrometheusPropertiesException ex) {
			// That of Spring Boot 4.0 spells them so
			return prometheus(spans, "sampleIntervalMilliseconds", "minRetentionPeriodSeconds");
		}
	}

	private PrometheusMeterRegistry prometheus(SpanContext spans, String interval, String retention) {
		Properties properties = new Properties();
		properties.put("io.prometheus.exemplars." + interval, "1");
		properties.put("io.prometheus.exemplars." + retention, "1");
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(new PrometheusConfig() {

			@Override
			public String get(String key) {
				return null;
			}

			@Override
			public Properties prometheusProperties() {
				return properties;
			}

		}, new PrometheusRegistry(), Clock.SYSTEM, spans);
		// Text shows exemplars of buckets only
		registry.config().meterFilter(new MeterFilter() {

			@Override
			public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
				return DistributionStatisticConfig.builder()
					.serviceLevelObjectives(100, 1_000, 10_000, 1_000_000)
					.build()
					.merge(config);
			}

		});
		return registry;
	}

	private void check(PrometheusMeterRegistry registry, Set<String> seen) {
		Pattern exemplar = Pattern.compile(
				"^async_middleware_(own|ttfb|app|request_ttfb)_seconds.*trace_id=\"(\\w+)\"} ([0-9.eE+-]+)",
				Pattern.MULTILINE);
		Matcher matcher = exemplar
			.matcher(registry.scrape("application/openmetrics-text; version=1.0.0; charset=utf-8"));
		while (matcher.find()) {
			long nanoseconds = Math.round(Double.parseDouble(matcher.group(3)) * 1e9);
			if (!matcher.group(1).equals("request_ttfb")) {
				this.measured.check(matcher.group(2), nanoseconds);
			}
			seen.add(matcher.group(2));
		}
	}

	/**
	 * Remembers what was measured in which trace.
	 */
	private static final class Measured implements RequestListener {

		private final Map<String, Set<Long>> durations = new ConcurrentHashMap<>();

		private final RequestTraces traces;

		Measured(RequestTraces traces) {
			this.traces = traces;
		}

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
			Object trace = this.traces.of(request);
			assertThat(trace).isNotNull();
			Set<Long> durations = new HashSet<>();
			durations.add(request.app());
			for (StepRecord step = request.last(); step != null; step = step.previous()) {
				durations.add(step.own());
				durations.add(request.ttfb(step));
			}
			this.durations.put(this.traces.id(trace), durations);
		}

		void check(String trace, long nanoseconds) {
			assertThat(this.durations).containsKey(trace);
			assertThat(this.durations.get(trace)).as("durations of " + trace).contains(nanoseconds);
		}

	}

	/**
	 * Asks for the trace with each sample, where Prometheus asks with a few.
	 */
	private static final class AskingRegistry extends SimpleMeterRegistry {

		private final SpanContext spans;

		private final Measured measured;

		/** How many samples there were. */
		private final AtomicLong recorded = new AtomicLong();

		/** How many of them are in a trace. */
		private final AtomicLong asked = new AtomicLong();

		private final AtomicLong askedOfRequest = new AtomicLong();

		private final Map<String, Set<Long>> named = new ConcurrentHashMap<>();

		AskingRegistry(SpanContext spans, Measured measured) {
			super(SimpleConfig.DEFAULT, Clock.SYSTEM);
			this.spans = spans;
			this.measured = measured;
		}

		@Override
		protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauseDetector) {
			if (id.getName().equals("async.middleware.request.ttfb")) {
				return new StepTimer(id, this.clock, config, pauseDetector, TimeUnit.SECONDS, 60_000, false) {

					@Override
					protected void recordNonNegative(long amount, TimeUnit unit) {
						super.recordNonNegative(amount, unit);
						if (AskingRegistry.this.spans.getCurrentTraceId() != null) {
							AskingRegistry.this.askedOfRequest.incrementAndGet();
						}
					}

				};
			}
			return new StepTimer(id, this.clock, config, pauseDetector, TimeUnit.SECONDS, 60_000, false) {

				@Override
				protected void recordNonNegative(long amount, TimeUnit unit) {
					super.recordNonNegative(amount, unit);
					ask(unit.toNanos(amount));
				}

			};
		}

		private void ask(long nanoseconds) {
			String trace = this.spans.getCurrentTraceId();
			if (trace != null && this.spans.isCurrentSpanSampled()) {
				this.named.computeIfAbsent(trace, (key) -> ConcurrentHashMap.newKeySet()).add(nanoseconds);
				this.asked.incrementAndGet();
			}
			this.recorded.incrementAndGet();
		}

		void check() {
			this.named
				.forEach((trace, durations) -> durations.forEach((duration) -> this.measured.check(trace, duration)));
		}

	}

}
