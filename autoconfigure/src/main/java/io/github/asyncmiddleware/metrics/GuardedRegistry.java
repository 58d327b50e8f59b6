package io.github.asyncmiddleware.metrics;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.noop.NoopCounter;
import io.micrometer.core.instrument.noop.NoopTimer;
import org.jspecify.annotations.Nullable;

/**
 * The only way from here to a meter registry. What a registry, a meter or a meter filter
 * throws is logged, once for each meter name, and goes no further.
 */
final class GuardedRegistry implements AutoCloseable {

	private final MeterRegistry registry;

	private final @Nullable BatchClock clock;

	private final MeterFailures failures = new MeterFailures();

	private final OwnGauges gauges = new OwnGauges(this.failures);

	GuardedRegistry(MeterRegistry registry) {
		this.registry = registry;
		this.clock = (registry.config().clock() instanceof BatchClock batchClock) ? batchClock : null;
	}

	/**
	 * Register a timer.
	 * @param meter the meter
	 * @param tags all of its tags
	 * @return the timer, or one that does nothing if it could not be registered
	 */
	Timer timer(AsyncMiddlewareMeters meter, Tags tags) {
		return register(meter, tags, Meter.Type.TIMER, NoopTimer::new,
				() -> Timer.builder(meter.meterName())
					.description(meter.description())
					.tags(tags)
					.register(this.registry));
	}

	/**
	 * Register a counter.
	 * @param meter the meter
	 * @param tags all of its tags
	 * @return the counter, or one that does nothing if it could not be registered
	 */
	Counter counter(AsyncMiddlewareMeters meter, Tags tags) {
		return register(meter, tags, Meter.Type.COUNTER, NoopCounter::new,
				() -> Counter.builder(meter.meterName())
					.description(meter.description())
					.tags(tags)
					.register(this.registry));
	}

	/**
	 * Register a gauge, until this is closed.
	 * @param meter the meter
	 * @param tags all of its tags
	 * @param value supplies the number
	 */
	void gauge(AsyncMiddlewareMeters meter, Tags tags, Supplier<Number> value) {
		this.gauges.register(this.registry, meter.meterName(),
				() -> Gauge.builder(meter.meterName(), value)
					.description(meter.description())
					.tags(tags)
					.register(this.registry));
	}

	/**
	 * Register a gauge for a duration, until this is closed.
	 * @param meter the meter
	 * @param tags all of its tags
	 * @param value supplies the duration
	 */
	void timeGauge(AsyncMiddlewareMeters meter, Tags tags, Supplier<Duration> value) {
		this.gauges.register(this.registry, meter.meterName(),
				() -> TimeGauge.builder(meter.meterName(), () -> value.get().toMillis(), TimeUnit.MILLISECONDS)
					.description(meter.description())
					.tags(tags)
					.register(this.registry));
	}

	/**
	 * Take the gauges away.
	 */
	@Override
	public void close() {
		this.gauges.close();
	}

	private <M> M register(AsyncMiddlewareMeters meter, Tags tags, Meter.Type type, Function<Meter.Id, M> noop,
			Supplier<M> registration) {
		try {
			return registration.get();
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			this.failures.report(meter.meterName(), ex);
			return noop.apply(new Meter.Id(meter.meterName(), tags, null, meter.description(), type));
		}
	}

	/**
	 * The current thread is about to record many durations, which takes less time from
	 * then on if the clock of the registry allows that. Has to be followed by
	 * {@link #endBatch()}.
	 */
	void beginBatch() {
		if (this.clock != null) {
			this.clock.hold();
		}
	}

	/**
	 * The current thread has recorded them.
	 */
	void endBatch() {
		if (this.clock != null) {
			this.clock.letGo();
		}
	}

	/**
	 * Record a duration.
	 * @param meter the meter the timer belongs to
	 * @param timer the timer
	 * @param nanoseconds the duration
	 */
	void record(AsyncMiddlewareMeters meter, Timer timer, long nanoseconds) {
		try {
			timer.record(nanoseconds, TimeUnit.NANOSECONDS);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			this.failures.report(meter.meterName(), ex);
		}
	}

	/**
	 * Count one more.
	 * @param meter the meter the counter belongs to
	 * @param counter the counter
	 */
	void increment(AsyncMiddlewareMeters meter, Counter counter) {
		try {
			counter.increment();
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			this.failures.report(meter.meterName(), ex);
		}
	}

}
