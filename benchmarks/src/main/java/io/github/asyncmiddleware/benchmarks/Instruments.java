package io.github.asyncmiddleware.benchmarks;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.observation.ObservationRegistry;

/**
 * What there is to measure with in one application.
 *
 * @param meters for timers
 * @param observations for observations, which end up in timers too
 */
record Instruments(MeterRegistry meters, ObservationRegistry observations) {

	/**
	 * Nothing to measure with.
	 */
	static final Instruments NONE = new Instruments(new CompositeMeterRegistry(), ObservationRegistry.NOOP);

	static Instruments of(MeterRegistry meters) {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new DefaultMeterObservationHandler(meters));
		return new Instruments(meters, observations);
	}

}
