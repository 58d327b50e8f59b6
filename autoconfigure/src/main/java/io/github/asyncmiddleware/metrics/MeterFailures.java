package io.github.asyncmiddleware.metrics;

import java.util.HashSet;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Logs what a registry, a meter or a meter filter throws, once for each meter name.
 */
final class MeterFailures {

	private static final Log logger = LogFactory.getLog(MeterFailures.class);

	/** The names of the meters that have failed. Guarded by itself. */
	private final Set<String> failed = new HashSet<>();

	/**
	 * A meter could not be registered or recorded.
	 * @param meter the name of the meter
	 * @param ex what was thrown
	 */
	void report(String meter, Throwable ex) {
		if (isFirst(meter)) {
			logger.warn("Could not record '" + meter
					+ "'. Responses are not affected; further failures of this meter are not logged", ex);
		}
	}

	private boolean isFirst(String meter) {
		synchronized (this.failed) {
			return this.failed.add(meter);
		}
	}

}
