package io.github.asyncmiddleware.metrics;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

import io.micrometer.core.instrument.Meter;
import org.jspecify.annotations.Nullable;

/**
 * Meters that differ in one tag with a closed set of values. Each is registered when it
 * is first asked for, or at start-up, and then kept: the registry is not asked again, not
 * even where it refused, since that would cost a lock each time.
 *
 * @param <M> the type of meter
 */
final class MeterSlots<M extends Meter> {

	private final AtomicReferenceArray<@Nullable M> meters;

	private final IntFunction<M> registration;

	/**
	 * Create slots, all of them empty.
	 * @param size the number of values the tag has
	 * @param registration registers the meter for a value and does not throw
	 */
	MeterSlots(int size, IntFunction<M> registration) {
		this.meters = new AtomicReferenceArray<>(size);
		this.registration = registration;
	}

	/**
	 * Register the meters of all values, so that they begin at 0.
	 */
	void registerAll() {
		for (int value = 0; value < this.meters.length(); value++) {
			get(value);
		}
	}

	M get(int value) {
		M meter = this.meters.get(value);
		return (meter != null) ? meter : register(value);
	}

	/**
	 * Threads that meet here get the same meter from the registry, so the last may win.
	 */
	private M register(int value) {
		M meter = this.registration.apply(value);
		this.meters.set(value, meter);
		return meter;
	}

}
