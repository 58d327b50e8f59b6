package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.metrics.MiddlewareMetrics;
import io.micrometer.core.instrument.Clock;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.server.WebFilter;

/**
 * Auto-configuration for the clock of all meter registries, unless the application has
 * one of its own. Comes before Boot's, which is {@link Clock#SYSTEM}. Which clock it is
 * depends on properties when the application runs, also where it was processed ahead of
 * time.
 */
@AutoConfiguration(beforeName = "org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration")
@ConditionalOnClass({ WebFilter.class, Clock.class })
@ConditionalOnWebApplication(type = Type.REACTIVE)
@EnableConfigurationProperties(AsyncMiddlewareProperties.class)
public final class AsyncMiddlewareClockAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	Clock asyncMiddlewareClock(AsyncMiddlewareProperties properties) {
		boolean measures = properties.isEnabled() && properties.getMetrics().isEnabled();
		return (measures && properties.getMetrics().getClock().isEnabled()) ? MiddlewareMetrics.clock() : Clock.SYSTEM;
	}

}
