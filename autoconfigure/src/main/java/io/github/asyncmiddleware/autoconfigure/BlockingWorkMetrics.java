package io.github.asyncmiddleware.autoconfigure;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ToDoubleFunction;

import io.github.asyncmiddleware.internal.style.Offloader;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.beans.factory.ObjectProvider;

/**
 * The meters of blocking work, under the names that Micrometer has for executors. Counts
 * what the bounds are about, so it is the same for virtual threads and for a pool.
 */
class BlockingWorkMetrics implements MeterBinder, AutoCloseable {

	private static final String NAME = "asyncMiddlewareBlocking";

	private final MiddlewareChain chain;

	private final ObjectProvider<BlockingWork> blockingWork;

	/** Take the gauges away that were registered here. */
	private final Queue<Runnable> removals = new ConcurrentLinkedQueue<>();

	BlockingWorkMetrics(MiddlewareChain chain, ObjectProvider<BlockingWork> blockingWork) {
		this.chain = chain;
		this.blockingWork = blockingWork;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		if (!this.chain.hasOffloaded()) {
			return;
		}
		Offloader offloader = this.blockingWork.getObject().offloader();
		gauge(registry, "executor.active", "Threads that block for a middleware", BaseUnits.THREADS, offloader,
				Offloader::active);
		gauge(registry, "executor.pool.max", "Threads that may block for middlewares at a time", BaseUnits.THREADS,
				offloader, Offloader::maxConcurrent);
		gauge(registry, "executor.queued", "Calls that wait for a thread", BaseUnits.TASKS, offloader,
				Offloader::queued);
		gauge(registry, "executor.queue.remaining", "Further calls that may wait for a thread", BaseUnits.TASKS,
				offloader, (work) -> work.maxQueued() - work.queued());
		gauge(registry, "executor.abandoned", "Threads that block although the request has gone", BaseUnits.THREADS,
				offloader, Offloader::abandoned);
	}

	/**
	 * A registry can outlive the application context, and would show these gauges in
	 * place of those of the next one.
	 */
	@Override
	public void close() {
		this.removals.forEach(Runnable::run);
		this.removals.clear();
	}

	private void gauge(MeterRegistry registry, String name, String description, String unit, Offloader offloader,
			ToDoubleFunction<Offloader> value) {
		boolean known = registry.find(name).tag("name", NAME).gauge() != null;
		Gauge gauge = Gauge.builder(name, offloader, value)
			.description(description)
			.baseUnit(unit)
			.tag("name", NAME)
			.register(registry);
		if (!known) {
			this.removals.add(() -> registry.remove(gauge));
		}
	}

}
