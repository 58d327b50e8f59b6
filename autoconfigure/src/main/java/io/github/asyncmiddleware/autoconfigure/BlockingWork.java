package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;

import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.style.Offloader;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.task.SimpleAsyncTaskExecutorBuilder;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.boot.thread.Threading;
import org.springframework.core.env.Environment;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * The threads on which middlewares block, and how many may. The executor is not a bean:
 * the application would take it for its own, and Spring would stop it before the server.
 */
final class BlockingWork implements DisposableBean {

	private static final String THREAD_NAME_PREFIX = "async-middleware-";

	private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);

	private final Executor executor;

	private final Offloader offloader;

	private BlockingWork(Executor executor, AsyncMiddlewareProperties.Blocking properties) {
		this.executor = executor;
		this.offloader = new Offloader(executor, properties.getMaxConcurrent(), properties.getMaxQueued());
	}

	/**
	 * Make the threads that the environment is configured for.
	 * @param environment the environment
	 * @param properties how much may run and wait
	 * @param virtual builds executors of virtual threads
	 * @param pool builds executors of other threads
	 * @return the threads
	 */
	static BlockingWork of(Environment environment, AsyncMiddlewareProperties.Blocking properties,
			ObjectProvider<SimpleAsyncTaskExecutorBuilder> virtual,
			ObjectProvider<ThreadPoolTaskExecutorBuilder> pool) {
		return new BlockingWork((runsOn(environment) == RunsOn.VIRTUAL_THREAD)
				? virtualThreads(virtual.getIfAvailable(SimpleAsyncTaskExecutorBuilder::new))
				: pool(pool.getIfAvailable(ThreadPoolTaskExecutorBuilder::new)), properties);
	}

	static RunsOn runsOn(Environment environment) {
		return Threading.VIRTUAL.isActive(environment) ? RunsOn.VIRTUAL_THREAD : RunsOn.POOL;
	}

	/**
	 * Virtual threads without a limit, for which an event loop would wait.
	 */
	private static Executor virtualThreads(SimpleAsyncTaskExecutorBuilder builder) {
		SimpleAsyncTaskExecutor executor = builder.virtualThreads(true)
			.threadNamePrefix(THREAD_NAME_PREFIX)
			.configure(new VirtualThreads());
		executor.setConcurrencyLimit(SimpleAsyncTaskExecutor.UNBOUNDED_CONCURRENCY);
		return executor;
	}

	/**
	 * A pool without a maximum, since the bound is that of the {@link Offloader}: a task
	 * gets an idle thread, or else a new one, and never waits. The application can
	 * customize the threads, but not that.
	 */
	private static Executor pool(ThreadPoolTaskExecutorBuilder builder) {
		ThreadPoolTaskExecutor executor = builder.keepAlive(KEEP_ALIVE)
			.threadNamePrefix(THREAD_NAME_PREFIX)
			.configure(new Pool());
		executor.setCorePoolSize(0);
		executor.setMaxPoolSize(Integer.MAX_VALUE);
		executor.setQueueCapacity(0);
		executor.setRejectedExecutionHandler(new ThreadPoolExecutor.AbortPolicy());
		executor.setDaemon(true);
		executor.setAcceptTasksAfterContextClose(true);
		executor.initialize();
		return executor;
	}

	Offloader offloader() {
		return this.offloader;
	}

	/**
	 * Runs after the server has stopped.
	 */
	@Override
	public void destroy() {
		this.offloader.close();
		if (this.executor instanceof ThreadPoolTaskExecutor pool) {
			pool.shutdown();
		}
		else if (this.executor instanceof SimpleAsyncTaskExecutor virtualThreads) {
			virtualThreads.close();
		}
	}

	/**
	 * A decorator of the application, which can fail on the thread of the task. Whatever
	 * it does, the permit of a task that did not run is given back.
	 */
	private static TaskDecorator guarded(TaskDecorator decorator) {
		return (task) -> {
			Runnable decorated = decorator.decorate(task);
			return () -> {
				try {
					decorated.run();
				}
				finally {
					Offloader.done(task);
				}
			};
		};
	}

	private static final class Pool extends ThreadPoolTaskExecutor {

		@Override
		public void setTaskDecorator(TaskDecorator taskDecorator) {
			super.setTaskDecorator(guarded(taskDecorator));
		}

	}

	private static final class VirtualThreads extends SimpleAsyncTaskExecutor {

		@Override
		public void setTaskDecorator(TaskDecorator taskDecorator) {
			super.setTaskDecorator(guarded(taskDecorator));
		}

	}

}
