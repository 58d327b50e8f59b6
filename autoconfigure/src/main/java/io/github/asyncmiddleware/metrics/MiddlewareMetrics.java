package io.github.asyncmiddleware.metrics;

import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Connects the engine to Micrometer. The auto-configuration does that; applications have
 * no need to.
 */
public final class MiddlewareMetrics {

	private MiddlewareMetrics() {
	}

	/**
	 * Create a clock for a registry. The same as {@link Clock#SYSTEM}, except that a
	 * listener from here that records many samples at once asks for the wall time only
	 * once: some tens of microseconds in which no other thread notices that it stands
	 * still.
	 * @return the clock
	 */
	public static Clock clock() {
		return new BatchClock(Clock.SYSTEM);
	}

	/**
	 * Create a listener that records {@link AsyncMiddlewareMeters} apart from those about
	 * requests that wait.
	 * @param registry where to record
	 * @param middlewares the middlewares there are
	 * @param contributors the contributors of tags
	 * @return the listener
	 */
	public static RequestListener listener(MeterRegistry registry, List<Middleware> middlewares,
			List<MiddlewareTags> contributors) {
		return listener(registry, middlewares, false, contributors, null, RequestTraces.NONE);
	}

	/**
	 * Create a listener that records {@link AsyncMiddlewareMeters}, and register the
	 * meters that every application needs.
	 * @param registry where to record
	 * @param middlewares the middlewares there are
	 * @param more whether {@link RequestListener#onMeasured} may tell of more; without,
	 * and without any middleware, nothing is registered or recorded
	 * @param contributors the contributors of tags
	 * @param active how many requests wait for which middleware, or {@code null} if they
	 * are not counted
	 * @param traces knows the traces of the requests, for exemplars
	 * @return the listener
	 */
	public static RequestListener listener(MeterRegistry registry, List<Middleware> middlewares, boolean more,
			List<MiddlewareTags> contributors, @Nullable ActiveRequests active, RequestTraces traces) {
		Assert.notNull(registry, "'registry' must not be null");
		Assert.notNull(middlewares, "'middlewares' must not be null");
		Assert.notNull(contributors, "'contributors' must not be null");
		Assert.notNull(traces, "'traces' must not be null");
		return (middlewares.isEmpty() && !more) ? new NoopRequestListener() : new MicrometerRequestListener(
				new GuardedRegistry(registry), middlewares, contributors, active, traces);
	}

	/**
	 * Records nothing.
	 */
	private static final class NoopRequestListener implements RequestListener {

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

	}

}
