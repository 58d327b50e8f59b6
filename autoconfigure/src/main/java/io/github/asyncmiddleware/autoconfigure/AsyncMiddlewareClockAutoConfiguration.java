package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.metrics.MiddlewareMetrics;
import io.micrometer.core.instrument.Clock;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.context.annotation.Bean;
import org.springframework.web.server.WebFilter;

/**
 * Auto-configuration for the clock of the meter registries, unless the application has
 * one of its own. Comes before Boot's, which would be {@link Clock#SYSTEM}.
 */
@AutoConfiguration(beforeName = "org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration")
@ConditionalOnClass({ WebFilter.class, Clock.class })
@ConditionalOnWebApplication(type = Type.REACTIVE)
@ConditionalOnProperty(name = { "async-middleware.enabled", "async-middleware.metrics.enabled" }, matchIfMissing = true)
public final class AsyncMiddlewareClockAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	Clock asyncMiddlewareClock() {
		return MiddlewareMetrics.clock();
	}

}
