package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.metrics.MiddlewareMetrics;
import io.github.asyncmiddleware.metrics.MiddlewareTags;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the meters of asynchronous middleware. Whether there are any is
 * decided when the application runs, also where it was processed ahead of time.
 */
@AutoConfiguration(after = AsyncMiddlewareAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({ MeterRegistry.class, MiddlewareChain.class })
public final class AsyncMiddlewareMetricsAutoConfiguration {

	@Bean
	@Nullable RequestListener asyncMiddlewareMetricsListener(AsyncMiddlewareProperties properties, MeterRegistry registry,
			MiddlewareChain chain, ObjectProvider<MiddlewareTags> tags, ActiveRequests active,
			ObjectProvider<RequestTraces> traces) {
		// Without the watch nothing counts them, and a 0 would look like good health
		ActiveRequests counted = properties.getStuckAfter().isZero() ? null : active;
		return properties.getMetrics().isEnabled()
				? MiddlewareMetrics.listener(registry, chain.middlewares(), chain.measuresForeign(),
						tags.orderedStream().toList(), counted, traces.getIfAvailable(() -> RequestTraces.NONE))
				: null;
	}

	@Bean
	@Nullable BlockingWorkMetrics asyncMiddlewareBlockingWorkMetrics(AsyncMiddlewareProperties properties, MiddlewareChain chain,
			ObjectProvider<BlockingWork> blockingWork) {
		return properties.getMetrics().isEnabled() ? new BlockingWorkMetrics(chain, blockingWork) : null;
	}

}
