package io.github.asyncmiddleware.autoconfigure;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WatchLifecycle} in an application.
 */
class WatchLifecycleTests {

	/** For what comes at once on a machine that has nothing else to do. */
	private static final Duration SOON = Duration.ofSeconds(30);

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withConfiguration(AutoConfigurations.of(AsyncMiddlewareMetricsAutoConfiguration.class))
		.withBean(SimpleMeterRegistry.class);

	private final List<Thread> before = watches();

	@Test
	void watchesAsLongAsTheContextLives() {
		this.runner.withBean("waits", Waits.class).run((context) -> {
			assertThat(newWatches()).singleElement().satisfies((thread) -> assertThat(thread.isDaemon()).isTrue());
			WatchLifecycle watch = context.getBean(WatchLifecycle.class);
			watch.stop();
			assertThat(newWatches()).isEmpty();
			watch.start();
			assertThat(newWatches()).hasSize(1);
		});
		assertThat(newWatches()).isEmpty();
	}

	@Test
	void watchesNothingWithoutMiddlewares() {
		this.runner.run((context) -> {
			assertThat(context.getBean(WatchLifecycle.class).activities()).isSameAs(ThreadActivities.NONE);
			assertThat(newWatches()).isEmpty();
		});
	}

	@Test
	void countsRequestsAlsoWhereBlockingIsNotWatched() {
		this.runner.withBean("waits", Waits.class)
			.withPropertyValues("async-middleware.blocking-watch.enabled=false")
			.run((context) -> assertThat(newWatches()).hasSize(1));
	}

	@Test
	void watchesNothingWhereMiddlewaresAreOff() {
		this.runner.withBean("waits", Waits.class)
			.withPropertyValues("async-middleware.enabled=false")
			.run((context) -> assertThat(newWatches()).isEmpty());
	}

	@ParameterizedTest
	@CsvSource({ "blocking-watch.threshold, 1000000d", "stuck-after, 1000000d", "slow-requests.log-threshold, 1000000d",
			"blocking-watch.threshold, 200000000000d", "stuck-after, 200000000000d",
			"slow-requests.log-threshold, 200000000000d" })
	void takesTimesThatAreVeryLong(String property, String value) {
		this.runner.withBean("waits", Waits.class)
			.withPropertyValues("async-middleware." + property + "=" + value)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@CsvSource({ "blocking-watch.threshold, 0s, be positive", "blocking-watch.threshold, -1ms, be positive",
			"stuck-after, -1m, be at least a millisecond", "stuck-after, 500us, be at least a millisecond" })
	void failsForATimeThatIsNone(String property, String value, String must) {
		this.runner.withPropertyValues("async-middleware." + property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageStartingWith("'async-middleware." + property + "' must " + must));
	}

	@Test
	void countsTheRequestsThatWait() {
		this.runner.withBean("waits", Waits.class)
			.withPropertyValues("async-middleware.stuck-after=100ms")
			.run((context) -> {
				long start = System.nanoTime();
				request(context.getBean(HttpHandler.class)).subscribe();
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				Awaitility.await().atMost(SOON).until(() -> oldest(registry) >= 0.1);
				double oldest = oldest(registry);
				assertThat(oldest).isLessThanOrEqualTo((System.nanoTime() - start) / 1e9);
				assertThat(registry.get("async.middleware.active").tag("middleware", "waits").gauge().value()).isOne();
			});
	}

	private static double oldest(MeterRegistry registry) {
		return registry.get("async.middleware.active.oldest")
			.tag("middleware", "waits")
			.timeGauge()
			.value(TimeUnit.SECONDS);
	}

	@Test
	void leavesNothingOfTheContextOnAThreadThatOutlivesIt() throws Exception {
		BlockingQueue<Runnable> work = new ArrayBlockingQueue<>(1);
		CountDownLatch over = new CountDownLatch(1);
		Thread server = new Thread(() -> serve(work, over));
		server.start();
		try {
			WeakReference<ApplicationContext> context = use(work);
			Awaitility.await().atMost(SOON).until(() -> {
				System.gc();
				return context.get() == null;
			});
			assertThat(server.isAlive()).isTrue();
		}
		finally {
			over.countDown();
			server.interrupt();
			server.join();
		}
	}

	private WeakReference<ApplicationContext> use(BlockingQueue<Runnable> work) {
		@SuppressWarnings("unchecked")
		WeakReference<ApplicationContext>[] result = new WeakReference[1];
		this.runner.withBean("waits", Waits.class).run((context) -> {
			CountDownLatch served = new CountDownLatch(1);
			HttpHandler handler = context.getBean(HttpHandler.class);
			work.put(() -> {
				// Never ends, so it would be in flight for ever
				request(handler).subscribe();
				served.countDown();
			});
			assertThat(served.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(context.getBean(WatchLifecycle.class).activities().hasNothingInFlight()).isFalse();
			result[0] = new WeakReference<>(context.getSourceApplicationContext());
		});
		return result[0];
	}

	private static void serve(BlockingQueue<Runnable> work, CountDownLatch over) {
		try {
			run(work);
			over.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void run(BlockingQueue<Runnable> work) throws InterruptedException {
		work.take().run();
	}

	private static Mono<Void> request(HttpHandler handler) {
		return handler.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse());
	}

	private List<Thread> newWatches() {
		return watches().stream().filter((thread) -> !this.before.contains(thread)).toList();
	}

	private static List<Thread> watches() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals("async-middleware-watch"))
			.toList();
	}

	@AsyncMiddleware
	static class Waits implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.never();
		}

	}

}
