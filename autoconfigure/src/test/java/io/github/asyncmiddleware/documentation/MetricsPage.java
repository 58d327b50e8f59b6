package io.github.asyncmiddleware.documentation;

import io.github.asyncmiddleware.metrics.MiddlewareTags;
import io.micrometer.core.instrument.Tags;

import org.springframework.context.annotation.Bean;

/**
 * The code of {@code docs/metrics.md}.
 */
class MetricsPage {

	@Bean
	MiddlewareTags teams() {
		return (middleware) -> Tags.of("team", middleware.startsWith("billing") ? "billing" : "platform");
	}

}
