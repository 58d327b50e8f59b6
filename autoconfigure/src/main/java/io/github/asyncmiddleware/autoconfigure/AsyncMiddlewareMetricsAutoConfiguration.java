package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.metrics.MiddlewareMetrics;
import io.github.asyncmiddleware.metrics.MiddlewareTags;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the meters of asynchronous middleware.
 */
@AutoConfiguration(after = AsyncMiddlewareAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({ MeterRegistry.class, MiddlewareChain.class })
@ConditionalOnProperty(name = "async-middleware.metrics.enabled", matchIfMissing = true)
public final class AsyncMiddlewareMetricsAutoConfiguration {

	@Bean
	RequestListener asyncMiddlewareMetricsListener(MeterRegistry registry, MiddlewareChain chain,
			ObjectProvider<MiddlewareTags> tags, ActiveRequests active) {
		return MiddlewareMetrics.listener(registry, chain.middlewares(), chain.measuresForeign(),
				tags.orderedStream().toList(), active);
	}

	@Bean
	BlockingWorkMetrics asyncMiddlewareBlockingWorkMetrics(MiddlewareChain chain,
			ObjectProvider<BlockingWork> blockingWork) {
		return new BlockingWorkMetrics(chain, blockingWork);
	}

}
