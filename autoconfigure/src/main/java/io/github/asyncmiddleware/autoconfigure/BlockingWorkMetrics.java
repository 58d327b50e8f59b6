package io.github.asyncmiddleware.autoconfigure;

import java.util.function.ToDoubleFunction;

import io.github.asyncmiddleware.internal.style.Offloader;
import io.github.asyncmiddleware.metrics.OwnGauges;
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

	private final OwnGauges gauges = new OwnGauges();

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
	 * Take the gauges away.
	 */
	@Override
	public void close() {
		this.gauges.close();
	}

	private void gauge(MeterRegistry registry, String name, String description, String unit, Offloader offloader,
			ToDoubleFunction<Offloader> value) {
		this.gauges.register(registry, name,
				() -> Gauge.builder(name, offloader, value)
					.description(description)
					.baseUnit(unit)
					.tag("name", NAME)
					.register(registry));
	}

}
