package io.github.asyncmiddleware.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The gauges that an application context has registered, until it is closed. A registry
 * can outlive the context, and would keep what its gauges ask, and show that in place of
 * what the next context has. The auto-configuration uses it; applications have no need
 * to.
 */
public final class OwnGauges implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(OwnGauges.class);

	private final MeterFailures failures;

	/** Guarded by itself. */
	private final List<Own> gauges = new ArrayList<>();

	/**
	 * Create an instance that has no gauges.
	 */
	public OwnGauges() {
		this(new MeterFailures());
	}

	OwnGauges(MeterFailures failures) {
		this.failures = failures;
	}

	/**
	 * Register a gauge. If the registry has it already, it belongs to another context,
	 * and stays when this is closed. What the registry or a meter filter throws is
	 * logged, once for each name, and goes no further.
	 * @param registry the registry
	 * @param name the name of the gauge
	 * @param registration registers the gauge there
	 */
	public void register(MeterRegistry registry, String name, Supplier<? extends Gauge> registration) {
		try {
			register(registry, registration);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			this.failures.report(name, ex);
		}
	}

	private void register(MeterRegistry registry, Supplier<? extends Gauge> registration) {
		// By what is registered, since a meter filter can have given it another name
		List<Meter> before = registry.getMeters();
		Gauge gauge = registration.get();
		if (before.stream().noneMatch((meter) -> meter == gauge)) {
			synchronized (this.gauges) {
				this.gauges.add(new Own(registry, gauge.getId()));
			}
		}
	}

	/**
	 * Take the gauges away. What a registry throws meanwhile is logged, and goes no
	 * further.
	 */
	@Override
	public void close() {
		List<Own> gauges;
		synchronized (this.gauges) {
			gauges = List.copyOf(this.gauges);
			this.gauges.clear();
		}
		gauges.forEach(OwnGauges::remove);
	}

	private static void remove(Own gauge) {
		try {
			gauge.registry.remove(gauge.id);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			logger.warn("Could not take the gauge '" + gauge.id.getName() + "' away", ex);
		}
	}

	/**
	 * A gauge.
	 *
	 * @param registry where it is
	 * @param id the name and tags that it has there
	 */
	private record Own(MeterRegistry registry, Meter.Id id) {

	}

}
