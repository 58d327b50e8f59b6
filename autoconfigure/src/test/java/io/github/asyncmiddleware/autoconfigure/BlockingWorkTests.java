package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.testsupport.PatientClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.task.SimpleAsyncTaskExecutorCustomizer;
import org.springframework.boot.task.ThreadPoolTaskExecutorCustomizer;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.core.task.TaskDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BlockingWork} in an application.
 */
@ExtendWith(OutputCaptureExtension.class)
class BlockingWorkTests {

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class,
				AsyncMiddlewareMetricsAutoConfiguration.class, HttpHandlerAutoConfiguration.class))
		.withBean(SimpleMeterRegistry.class);

	@Test
	void runsOnAPoolOfItsOwn(CapturedOutput output) {
		this.runner.withBean("blocks", Blocks.class).run((context) -> {
			assertThat(thread(context)).startsWith("async-middleware-").endsWith("virtual false");
			assertThat(MiddlewareRunner.middleware(context, "blocks").code().runsOn()).isEqualTo(RunsOn.POOL);
			assertThat(output).contains("blocks (0, pool)");
		});
	}

	@Test
	void usesAThreadAgain() {
		this.runner.withBean("blocks", Blocks.class).run((context) -> {
			Set<String> threads = new HashSet<>();
			for (int i = 0; i < 20; i++) {
				threads.add(thread(context));
				// The client has its response before the thread has nothing to do any
				// more
				Awaitility.await().atMost(Duration.ofSeconds(30)).until(BlockingWorkTests::isIdle);
			}
			assertThat(threads).hasSize(1);
		});
	}

	@Test
	void hasAsManyThreadsAsMayBlock() throws Exception {
		Holds holds = new Holds(3);
		this.runner.withBean("holds", Holds.class, () -> holds).run((context) -> {
			List<Thread> requests = startThree(context, holds);
			finish(requests, holds);
		});
	}

	@Test
	void letsTheApplicationCustomizeThreadsButNotTheBound() throws Exception {
		Holds holds = new Holds(3);
		AtomicInteger decorated = new AtomicInteger();
		this.runner.withBean("holds", Holds.class, () -> holds).withBean(TaskDecorator.class, () -> (task) -> {
			decorated.incrementAndGet();
			return task;
		}).withBean(ThreadPoolTaskExecutorCustomizer.class, () -> (executor) -> {
			executor.setCorePoolSize(1);
			executor.setMaxPoolSize(1);
			executor.setQueueCapacity(1);
			executor.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());
		}).run((context) -> {
			List<Thread> requests = startThree(context, holds);
			assertThat(holds.threads).hasSize(3)
				.allMatch(Thread::isDaemon)
				.allMatch((thread) -> thread.getName().startsWith("async-middleware-"));
			assertThat(decorated).hasValue(3);
			finish(requests, holds);
		});
	}

	@Test
	void givesThePermitBackWhereADecoratorFailsOnTheThreadOfTheTask() {
		survivesDecorator((task) -> () -> {
			throw new IllegalStateException("decorator");
		}, false);
	}

	@Test
	void givesThePermitBackWhereADecoratorDoesNotRunTheTask() {
		survivesDecorator((task) -> () -> {
		}, false);
	}

	@Test
	void givesThePermitBackWhereADecoratorFailsOnTheThreadOfTheRequest() {
		survivesDecorator((task) -> {
			throw new IllegalStateException("decorator");
		}, false);
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void givesThePermitBackWhereADecoratorFailsOnAVirtualThread() {
		survivesDecorator((task) -> () -> {
			throw new IllegalStateException("decorator");
		}, true);
	}

	/**
	 * With one permit and no room to wait, a permit that is lost would shed all that
	 * follow.
	 */
	private void survivesDecorator(TaskDecorator broken, boolean virtual) {
		AtomicInteger tasks = new AtomicInteger();
		this.runner.withBean("blocks", Blocks.class)
			.withBean(TaskDecorator.class,
					() -> (task) -> (tasks.getAndIncrement() == 0) ? broken.decorate(task) : task)
			.withPropertyValues("async-middleware.blocking.max-concurrent=1", "async-middleware.blocking.max-queued=1",
					"spring.threads.virtual.enabled=" + virtual)
			.run((context) -> {
				get(context).expectStatus().isEqualTo(503);
				assertThat(context.getBean(BlockingWork.class).offloader().active()).isZero();
				get(context).expectStatus().isNotFound();
			});
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void runsOnVirtualThreadsWhereTheApplicationDoes(CapturedOutput output) {
		this.runner.withBean("blocks", Blocks.class)
			.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> {
				assertThat(thread(context)).startsWith("async-middleware-").endsWith("virtual true");
				assertThat(MiddlewareRunner.middleware(context, "blocks").code().runsOn())
					.isEqualTo(RunsOn.VIRTUAL_THREAD);
				assertThat(output).contains("blocks (0, virtual-thread)");
			});
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void doesNotLetTheApplicationLimitVirtualThreads() throws Exception {
		Holds holds = new Holds(3);
		this.runner.withBean("holds", Holds.class, () -> holds)
			.withBean(SimpleAsyncTaskExecutorCustomizer.class, () -> (executor) -> executor.setConcurrencyLimit(1))
			.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> {
				List<Thread> requests = startThree(context, holds);
				finish(requests, holds);
			});
	}

	@Test
	void isNotMadeWhereNothingBlocks() {
		this.runner.withBean("stamps", Stamps.class).run((context) -> {
			get(context).expectStatus().isNotFound().expectHeader().valueEquals("X-Stamp", "yes");
			assertThat(context.getSourceApplicationContext()
				.getBeanFactory()
				.containsSingleton("asyncMiddlewareBlockingWork")).isFalse();
			assertThat(context.getBean(MeterRegistry.class).find("executor.active").gauge()).isNull();
		});
	}

	@Test
	void leavesTheExecutorOfTheApplicationAlone() {
		this.runner.withBean("blocks", Blocks.class)
			.run((context) -> assertThat(context.getBeansOfType(Executor.class))
				.containsOnlyKeys("applicationTaskExecutor"));
	}

	@Test
	void isMeasuredUnderTheNamesOfExecutors() {
		this.runner.withBean("blocks", Blocks.class)
			.withPropertyValues("async-middleware.blocking.max-concurrent=7", "async-middleware.blocking.max-queued=11")
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				new BlockingWorkMetrics(context.getBean(MiddlewareChain.class),
						context.getBeanProvider(BlockingWork.class))
					.bindTo(registry);
				assertThat(gauge(registry, "executor.pool.max")).isEqualTo(7);
				assertThat(gauge(registry, "executor.queue.remaining")).isEqualTo(11);
				assertThat(gauge(registry, "executor.active")).isZero();
				assertThat(gauge(registry, "executor.queued")).isZero();
				assertThat(gauge(registry, "executor.abandoned")).isZero();
			});
	}

	@Test
	void isMeasuredWhereOnlyAResponseMethodBlocks() {
		this.runner.withBean("stamps", StampsFromAPool.class).run((context) -> {
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			new BlockingWorkMetrics(context.getBean(MiddlewareChain.class), context.getBeanProvider(BlockingWork.class))
				.bindTo(registry);
			assertThat(gauge(registry, "executor.pool.max")).isEqualTo(256);
		});
	}

	@Test
	void boundsOneMiddlewareByItsProperty() {
		Holds holds = new Holds(1);
		this.runner.withBean("holds", Holds.class, () -> holds)
			.withPropertyValues("async-middleware.middleware.holds.max-concurrent=1",
					"async-middleware.blocking.max-queued=0")
			.run((context) -> {
				Thread first = new Thread(() -> get(context));
				first.start();
				assertThat(holds.entered.await(10, TimeUnit.SECONDS)).isTrue();
				get(context).expectStatus().isEqualTo(503);
				holds.open.countDown();
				first.join(Duration.ofSeconds(10).toMillis());
				get(context).expectStatus().isNotFound();
			});
	}

	@Test
	void stopsWithTheContext() throws InterruptedException {
		Thread[] thread = new Thread[1];
		this.runner.withBean("blocks", Blocks.class, () -> new Blocks() {

			@Override
			void run(ServerHttpResponse response) {
				super.run(response);
				thread[0] = Thread.currentThread();
			}

		}).run(BlockingWorkTests::thread);
		thread[0].join(Duration.ofSeconds(10).toMillis());
		assertThat(thread[0].isAlive()).isFalse();
	}

	@Test
	void refusesABoundOfNone() {
		this.runner.withPropertyValues("async-middleware.blocking.max-concurrent=0")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessage("'async-middleware.blocking.max-concurrent' must be positive"));
		this.runner.withPropertyValues("async-middleware.blocking.max-queued=-1")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessage("'async-middleware.blocking.max-queued' must not be negative"));
	}

	/**
	 * Start three requests, and wait until all of them block.
	 */
	private static List<Thread> startThree(ApplicationContext context, Holds holds) throws InterruptedException {
		List<Thread> requests = Stream.generate(() -> new Thread(() -> get(context))).limit(3).toList();
		requests.forEach(Thread::start);
		assertThat(holds.entered.await(10, TimeUnit.SECONDS)).isTrue();
		return requests;
	}

	private static void finish(List<Thread> requests, Holds holds) throws InterruptedException {
		holds.open.countDown();
		for (Thread request : requests) {
			request.join(Duration.ofSeconds(10).toMillis());
		}
	}

	/**
	 * Whether all threads wait for something to do, which they do with a time limit.
	 */
	private static boolean isIdle() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().matches("async-middleware-\\d+"))
			.allMatch((thread) -> thread.getState() == Thread.State.TIMED_WAITING);
	}

	private static double gauge(MeterRegistry registry, String name) {
		return registry.get(name).tag("name", "asyncMiddlewareBlocking").gauge().value();
	}

	private static String thread(ApplicationContext context) {
		return String.valueOf(get(context).returnResult(Void.class).getResponseHeaders().getFirst("X-Thread"));
	}

	private static WebTestClient.ResponseSpec get(ApplicationContext context) {
		return PatientClient.of(context).get().uri("/").exchange();
	}

	@AsyncMiddleware
	static class Blocks {

		@OnRequest
		void run(ServerHttpResponse response) {
			response.getHeaders().set("X-Thread", Thread.currentThread().getName() + " virtual " + isVirtual());
		}

		private static boolean isVirtual() {
			return Thread.currentThread().getClass().getSimpleName().contains("Virtual");
		}

	}

	@AsyncMiddleware
	static class Stamps {

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().set("X-Stamp", "yes");
		}

	}

	@AsyncMiddleware
	static class StampsFromAPool {

		@OnRequest(blocking = false)
		void look() {
		}

		@OnResponse(blocking = true)
		void stamp(ServerHttpResponse response) {
			response.getHeaders().set("X-Stamp", "yes");
		}

	}

	@AsyncMiddleware
	static class Holds {

		private final CountDownLatch entered;

		private final CountDownLatch open = new CountDownLatch(1);

		private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

		Holds(int requests) {
			this.entered = new CountDownLatch(requests);
		}

		@OnRequest
		void hold() throws InterruptedException {
			this.threads.add(Thread.currentThread());
			this.entered.countDown();
			assertThat(this.open.await(10, TimeUnit.SECONDS)).isTrue();
		}

	}

}
