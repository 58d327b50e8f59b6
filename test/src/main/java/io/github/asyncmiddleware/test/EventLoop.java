package io.github.asyncmiddleware.test;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * One thread that stands for an event loop of a server. It is a daemon and ends by itself
 * when it has nothing to do.
 */
final class EventLoop {

	private static final AtomicInteger threads = new AtomicInteger();

	private final ThreadPoolExecutor executor;

	private final Scheduler scheduler;

	/**
	 * Create an event loop whose thread is started when it is needed.
	 * @param nonBlocking whether Reactor is to know that it must not block
	 */
	EventLoop(boolean nonBlocking) {
		this.executor = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				nonBlocking ? NonBlockingThread::new : EventLoopThread::new);
		this.executor.allowCoreThreadTimeOut(true);
		this.scheduler = Schedulers.fromExecutor(this.executor);
	}

	/**
	 * Whether a thread is that of an event loop.
	 */
	static boolean isThread(Thread thread) {
		return thread instanceof EventLoopThread;
	}

	/**
	 * Run a task after those before it.
	 * @param task the task
	 * @return counted down when there is nothing more to do
	 */
	CountDownLatch run(Runnable task) {
		CountDownLatch idle = new CountDownLatch(1);
		this.executor.execute(() -> {
			try {
				task.run();
			}
			finally {
				whenIdle(idle);
			}
		});
		return idle;
	}

	private void whenIdle(CountDownLatch idle) {
		if (this.executor.getQueue().isEmpty()) {
			idle.countDown();
		}
		else if (!this.executor.isShutdown()) {
			this.executor.execute(() -> whenIdle(idle));
		}
	}

	/**
	 * Defer something until the thread has returned from what it does now.
	 * @param <T> what it emits
	 * @param source what to defer
	 * @return the same, which runs on this event loop
	 */
	<T> Mono<T> later(Mono<T> source) {
		return source.subscribeOn(this.scheduler);
	}

	/**
	 * Interrupt what it is doing, and do nothing any more.
	 */
	void close() {
		this.executor.shutdownNow();
	}

	/**
	 * A thread that may block.
	 */
	private static class EventLoopThread extends Thread {

		EventLoopThread(Runnable task) {
			super(null, task, "test-event-loop-" + threads.incrementAndGet(), 0, false);
			setDaemon(true);
		}

	}

	/**
	 * A thread that must not.
	 */
	private static final class NonBlockingThread extends EventLoopThread implements NonBlocking {

		NonBlockingThread(Runnable task) {
			super(task);
		}

	}

}
