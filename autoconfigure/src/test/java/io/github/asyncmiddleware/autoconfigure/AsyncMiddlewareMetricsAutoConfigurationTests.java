package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.metrics.MiddlewareTags;
import io.github.asyncmiddleware.testsupport.PatientClient;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareMetricsAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class AsyncMiddlewareMetricsAutoConfigurationTests {

	private final ReactiveWebApplicationContextRunner bareRunner = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMiddlewareAutoConfiguration.class,
				AsyncMiddlewareMetricsAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
				WebFluxAutoConfiguration.class, MetricsAutoConfiguration.class))
		.withUserConfiguration(Endpoints.class);

	private final ReactiveWebApplicationContextRunner runner = this.bareRunner.withBean(SimpleMeterRegistry.class)
		.withUserConfiguration(TwoMiddlewares.class);

	@Test
	void recordsEveryMeter() {
		// What runs for the first time could be taken for blocking, and have a meter
		this.runner.withPropertyValues("async-middleware.blocking-watch.enabled=false").run((context) -> {
			get(context, "/hello").expectStatus().isOk();
			// The client has its response before the end of the request is counted
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.untilAsserted(() -> assertThat(meters(context)).filteredOn((meter) -> !meter.endsWith(" 0"))
					.containsExactlyInAnyOrder("async.middleware.ttfb [tag(middleware=first),tag(outcome=SUCCESS)] 1",
							"async.middleware.ttfb [tag(middleware=second),tag(outcome=SUCCESS)] 1",
							"async.middleware.own [tag(middleware=first),tag(result=passed)] 1",
							"async.middleware.own [tag(middleware=second),tag(result=passed)] 1",
							"async.middleware.app [tag(outcome=SUCCESS)] 1",
							"async.middleware.request.ttfb [tag(method=GET),tag(outcome=SUCCESS),tag(status=200),tag(uri=/hello)] 1",
							"async.middleware.requests [tag(result=ok)] 1"));
		});
	}

	@Test
	void registersTheCommonMetersAtStartUp() {
		this.runner.run((context) -> assertThat(meters(context)).filteredOn((meter) -> !meter.contains("misuse"))
			.containsExactlyInAnyOrder("async.middleware.ttfb [tag(middleware=first),tag(outcome=SUCCESS)] 0",
					"async.middleware.ttfb [tag(middleware=second),tag(outcome=SUCCESS)] 0",
					"async.middleware.own [tag(middleware=first),tag(result=passed)] 0",
					"async.middleware.own [tag(middleware=second),tag(result=passed)] 0",
					"async.middleware.app [tag(outcome=SUCCESS)] 0", "async.middleware.requests [tag(result=ok)] 0",
					"async.middleware.requests [tag(result=error_page)] 0",
					"async.middleware.requests [tag(result=cut)] 0",
					"async.middleware.requests [tag(result=gone_before_head)] 0",
					"async.middleware.requests [tag(result=gone_after_head)] 0",
					"async.middleware.requests [tag(result=upgraded)] 0",
					"async.middleware.requests [tag(result=fatal)] 0",
					"async.middleware.blocked [tag(middleware=first)] 0",
					"async.middleware.blocked [tag(middleware=second)] 0",
					"async.middleware.blocked [tag(middleware=app)] 0",
					"async.middleware.active [tag(middleware=first)] 0",
					"async.middleware.active [tag(middleware=second)] 0",
					"async.middleware.active.oldest [tag(middleware=first)] 0",
					"async.middleware.active.oldest [tag(middleware=second)] 0"));
	}

	@Test
	void leavesNoGaugeInARegistryThatOutlivesTheContext() {
		MeterRegistry shared = new SharedRegistry();
		ReactiveWebApplicationContextRunner sharing = this.bareRunner.withBean(MeterRegistry.class, () -> shared)
			.withUserConfiguration(TwoMiddlewares.class, BlockingHook.class);
		for (int i = 0; i < 2; i++) {
			sharing.run((context) -> assertThat(gauges(shared)).contains("async.middleware.active first",
					"async.middleware.active.oldest second", "executor.active asyncMiddlewareBlocking"));
			assertThat(gauges(shared)).isEmpty();
		}
		assertThat(shared.find("async.middleware.ttfb").timer()).isNotNull();
	}

	@Test
	void leavesTheGaugesOfAContextThatHasThemAlready() {
		MeterRegistry shared = new SharedRegistry();
		ReactiveWebApplicationContextRunner sharing = this.bareRunner.withBean(MeterRegistry.class, () -> shared)
			.withUserConfiguration(TwoMiddlewares.class, BlockingHook.class);
		sharing.run((first) -> {
			Set<String> gauges = gauges(shared);
			sharing.run((second) -> assertThat(gauges(shared)).isEqualTo(gauges));
			assertThat(gauges(shared)).isEqualTo(gauges).isNotEmpty();
		});
	}

	@Test
	void leavesTheGaugesOfAnotherContextWhateverAFilterCallsThem() {
		MeterRegistry shared = new SharedRegistry();
		shared.config().meterFilter(new Renaming());
		ReactiveWebApplicationContextRunner sharing = this.bareRunner.withBean(MeterRegistry.class, () -> shared)
			.withUserConfiguration(TwoMiddlewares.class, BlockingHook.class);
		sharing.run((first) -> {
			Set<String> gauges = gauges(shared);
			assertThat(gauges).contains("acme.async.middleware.active first",
					"acme.executor.active asyncMiddlewareBlocking");
			sharing.run((second) -> assertThat(gauges(shared)).isEqualTo(gauges));
			assertThat(gauges(shared)).isEqualTo(gauges);
		});
		assertThat(gauges(shared)).isEmpty();
	}

	@Test
	void takesTheOtherGaugesAwayWhereARegistryThrowsForEach(CapturedOutput output) {
		Set<String> asked = new TreeSet<>();
		MeterRegistry shared = new SharedRegistry() {

			@Override
			public Meter remove(Meter.Id id) {
				asked.add(id.getName());
				throw new IllegalStateException("remove");
			}

		};
		this.bareRunner.withBean(MeterRegistry.class, () -> shared)
			.withUserConfiguration(TwoMiddlewares.class, BlockingHook.class)
			.run((context) -> assertThat(gauges(shared)).isNotEmpty());
		assertThat(asked).containsExactly("async.middleware.active", "async.middleware.active.oldest",
				"executor.abandoned", "executor.active", "executor.pool.max", "executor.queue.remaining",
				"executor.queued");
		assertThat(output).doesNotContain("close method failed")
			.contains("Could not take the gauge 'executor.queued' away");
	}

	@Test
	void registersTheOtherGaugesWhereAMeterFilterThrowsForOne(CapturedOutput output) {
		this.runner.withUserConfiguration(BlockingHook.class)
			.withBean("failing", MeterFilter.class, () -> new FailingFor("executor.active"))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(executorGauges(context)).containsExactly("executor.abandoned", "executor.pool.max",
						"executor.queue.remaining", "executor.queued");
				assertThat(output).containsOnlyOnce("Could not record 'executor.active'.").contains("for the test");
			});
	}

	private static Set<String> executorGauges(ApplicationContext context) {
		return context.getBean(MeterRegistry.class)
			.getMeters()
			.stream()
			.map((meter) -> meter.getId().getName())
			.filter((name) -> name.startsWith("executor."))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private static Set<String> gauges(MeterRegistry registry) {
		return registry.getMeters()
			.stream()
			.filter(Gauge.class::isInstance)
			.map((gauge) -> gauge.getId().getName() + " " + gauge.getId().getTags().get(0).getValue())
			.collect(Collectors.toSet());
	}

	@Test
	void registersNothingWithoutMiddlewares() {
		this.bareRunner.withBean(SimpleMeterRegistry.class).run((context) -> {
			get(context, "/hello").expectStatus().isOk();
			assertThat(meters(context)).isEmpty();
		});
	}

	@Test
	void registersNoNumberOfWaitingRequestsThatNothingCounts() {
		this.runner.withPropertyValues("async-middleware.stuck-after=0").run((context) -> {
			assertThat(meters(context)).isNotEmpty();
			assertThat(context.getBean(MeterRegistry.class).getMeters())
				.noneMatch((meter) -> meter.getId().getName().startsWith("async.middleware.active"));
		});
	}

	@Test
	void recordsNothingWhenDisabled() {
		this.runner.withPropertyValues("async-middleware.metrics.enabled=false").run((context) -> {
			get(context, "/hello").expectStatus().isOk();
			assertThat(meters(context)).isEmpty();
			assertThat(context.getBeanProvider(RequestListener.class).stream()).isEmpty();
		});
	}

	@Test
	void runsWithoutRegistry() {
		this.bareRunner.withUserConfiguration(TwoMiddlewares.class).run((context) -> {
			assertThat(context.getBeanProvider(RequestListener.class)).isEmpty();
			get(context, "/hello").expectStatus().isOk().expectHeader().valueEquals("X-First", "1");
		});
	}

	@Test
	void runsWithoutMicrometer() {
		new ReactiveWebApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMiddlewareAutoConfiguration.class,
					AsyncMiddlewareMetricsAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
					WebFluxAutoConfiguration.class))
			.withUserConfiguration(Endpoints.class, TwoMiddlewares.class)
			.withClassLoader(new FilteredClassLoader(MeterRegistry.class.getPackageName(),
					"org.springframework.boot.actuate", "org.springframework.boot.micrometer"))
			.run((context) -> {
				assertThat(context.getBeanProvider(RequestListener.class)).isEmpty();
				get(context, "/hello").expectStatus().isOk().expectHeader().valueEquals("X-First", "1");
			});
	}

	@Test
	void addsTheTagsOfTheUser() {
		this.runner.withBean(MiddlewareTags.class, () -> (middleware) -> Tags.of("team", "team of " + middleware))
			.run((context) -> assertThat(context.getBean(MeterRegistry.class)
				.get("async.middleware.own")
				.tags("middleware", "first", "team", "team of first")
				.timer()).isNotNull());
	}

	@Test
	void followsTheDistributionProperties() {
		this.runner
			.withPropertyValues("management.metrics.distribution.percentiles.async.middleware.ttfb=0.5,0.99",
					"management.metrics.distribution.slo.async.middleware.own=1ms,10ms")
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				Timer ttfb = registry.get("async.middleware.ttfb").tag("middleware", "first").timer();
				assertThat(ttfb.takeSnapshot().percentileValues()).extracting(ValueAtPercentile::percentile)
					.containsExactly(0.5, 0.99);
				Timer own = registry.get("async.middleware.own").tag("middleware", "first").timer();
				assertThat(own.takeSnapshot().histogramCounts()).hasSize(2);
			});
	}

	@Test
	void doesNotLetAFailingRegistryReachTheResponse() {
		this.runner.withBean("failing", MeterFilter.class, FailingMeterFilter::new).run((context) -> {
			get(context, "/hello").expectStatus().isOk().expectBody(String.class).isEqualTo("hello");
			assertThat(meters(context)).isEmpty();
		});
	}

	/**
	 * Boot closes registries first, and one that pushes sends what it has then.
	 */
	@Test
	void recordsWhatWaitsBeforeTheRegistryIsClosed() {
		List<Long> counts = new ArrayList<>();
		this.bareRunner.withUserConfiguration(TwoMiddlewares.class)
			.withBean(SimpleMeterRegistry.class, () -> new SimpleMeterRegistry() {

				@Override
				public void close() {
					counts.add(get("async.middleware.own").timers().stream().mapToLong(Timer::count).sum());
					super.close();
				}

			})
			.run((context) -> {
				HttpHandler handler = context.getBean(HttpHandler.class);
				for (int i = 0; i < 20; i++) {
					handle(handler, HttpMethod.GET, "/hello");
				}
			});
		assertThat(counts).containsExactly(40L);
	}

	@Test
	void keepsTheNumberOfMetersWhateverClientsSend() {
		// A class loader that remembers so many names blocks the thread now and then
		this.runner.withPropertyValues("async-middleware.blocking-watch.enabled=false").run((context) -> {
			HttpHandler handler = context.getBean(HttpHandler.class);
			// Let no sample wait, so that all meters are there when they are counted
			context.getBean(MiddlewareHttpHandlerFactory.class).close();
			for (String path : List.of("/hello", "/unknown")) {
				handle(handler, HttpMethod.GET, path);
				handle(handler, HttpMethod.POST, path);
				handle(handler, HttpMethod.valueOf("BREW"), path);
			}
			int meters = context.getBean(MeterRegistry.class).getMeters().size();
			for (int i = 0; i < 2_500; i++) {
				HttpMethod method = (i % 3 == 0) ? HttpMethod.valueOf("M" + i) : HttpMethod.GET;
				handle(handler, method, "/p" + i + ((i % 2 == 0) ? "/%2e%2e;x=" + i : "?q=" + i));
			}
			assertThat(context.getBean(MeterRegistry.class).getMeters()).hasSize(meters);
			assertThat(context.getBean(MeterRegistry.class)
				.get("async.middleware.requests")
				.tag("result", "error_page")
				.counter()
				.count()).isGreaterThan(2_500);
		});
	}

	private static void handle(HttpHandler handler, HttpMethod method, String path) {
		handler
			.handle(MockServerHttpRequest.method(method, java.net.URI.create(path)).build(),
					new MockServerHttpResponse())
			.block();
	}

	private static WebTestClient.ResponseSpec get(ApplicationContext context, String path) {
		return PatientClient.of(context).get().uri(path).exchange();
	}

	private static List<String> meters(ApplicationContext context) {
		List<String> meters = new ArrayList<>();
		for (Meter meter : context.getBean(MeterRegistry.class).getMeters()) {
			if (meter.getId().getName().startsWith("async.middleware")) {
				long count = (long) meter.measure().iterator().next().getValue();
				meters.add(meter.getId().getName() + " " + meter.getId().getTags() + " " + count);
			}
		}
		return meters.stream().map((line) -> line.replace(", ", ",")).toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class TwoMiddlewares {

		@Bean
		@AsyncMiddleware(order = 1)
		WebFilter first() {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().set("X-First", "1");
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 2)
		WebFilter second() {
			return (exchange, chain) -> Mono.defer(() -> chain.filter(exchange));
		}

	}

	@RestController
	static class Endpoints {

		@GetMapping("/hello")
		String hello() {
			return "hello";
		}

	}

	/**
	 * Throws for one meter.
	 */
	private record FailingFor(String name) implements MeterFilter {

		@Override
		public MeterFilterReply accept(Meter.Id id) {
			if (id.getName().equals(this.name)) {
				throw new IllegalStateException("for the test");
			}
			return MeterFilterReply.NEUTRAL;
		}

	}

	/**
	 * Gives every meter another name.
	 */
	private static final class Renaming implements MeterFilter {

		@Override
		public Meter.Id map(Meter.Id id) {
			return id.withName("acme." + id.getName());
		}

	}

	@Order(Ordered.HIGHEST_PRECEDENCE)
	static class FailingMeterFilter implements MeterFilter {

		@Override
		public Meter.Id map(Meter.Id id) {
			if (id.getName().startsWith("async.middleware")) {
				throw new IllegalStateException("map");
			}
			return id;
		}

		@Override
		public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
			throw new IllegalStateException("configure");
		}

	}

	@AsyncMiddleware
	static class BlockingHook {

		@OnRequest(blocking = true)
		void block() {
		}

	}

	/**
	 * Outlives the application contexts that close it, as that of a parent context does.
	 */
	private static class SharedRegistry extends SimpleMeterRegistry {

		@Override
		public void close() {
		}

	}

}
