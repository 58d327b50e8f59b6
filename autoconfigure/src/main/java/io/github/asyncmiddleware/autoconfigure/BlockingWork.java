package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
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
		return new BlockingWork(
				(runsOn(environment) == RunsOn.VIRTUAL_THREAD)
						? virtualThreads(virtual.getIfAvailable(SimpleAsyncTaskExecutorBuilder::new))
						: pool(pool.getIfAvailable(ThreadPoolTaskExecutorBuilder::new), properties.getMaxConcurrent()),
				properties);
	}

	static RunsOn runsOn(Environment environment) {
		return Threading.VIRTUAL.isActive(environment) ? RunsOn.VIRTUAL_THREAD : RunsOn.POOL;
	}

	private static Executor virtualThreads(SimpleAsyncTaskExecutorBuilder builder) {
		return builder.virtualThreads(true).concurrencyLimit(-1).threadNamePrefix(THREAD_NAME_PREFIX).build();
	}

	/**
	 * What waits does so where it can be counted and taken out again, not in the pool.
	 */
	private static Executor pool(ThreadPoolTaskExecutorBuilder builder, int size) {
		ThreadPoolTaskExecutor executor = builder.corePoolSize(0)
			.maxPoolSize(size)
			.queueCapacity(Integer.MAX_VALUE)
			.keepAlive(KEEP_ALIVE)
			.threadNamePrefix(THREAD_NAME_PREFIX)
			.build(FrugalThreadPool.class);
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
	 * A pool that makes a thread only if none is idle. Usually one makes as many as it
	 * may before it uses one again, or lets work wait before it makes a second.
	 */
	static final class FrugalThreadPool extends ThreadPoolTaskExecutor {

		private static final long serialVersionUID = 1L;

		FrugalThreadPool() {
			setRejectedExecutionHandler(FrugalThreadPool::wait);
		}

		@Override
		protected BlockingQueue<Runnable> createQueue(int queueCapacity) {
			return new IdleThreads();
		}

		private static void wait(Runnable task, ThreadPoolExecutor executor) {
			if (executor.isShutdown()) {
				throw new RejectedExecutionException("The pool is shut down");
			}
			((IdleThreads) executor.getQueue()).put(task);
		}

	}

	/**
	 * A queue that takes what is offered if somebody waits for it.
	 */
	private static final class IdleThreads extends LinkedTransferQueue<Runnable> {

		private static final long serialVersionUID = 1L;

		@Override
		public boolean offer(Runnable task) {
			return tryTransfer(task);
		}

	}

}
