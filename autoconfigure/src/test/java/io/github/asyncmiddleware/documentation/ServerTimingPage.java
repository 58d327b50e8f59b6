package io.github.asyncmiddleware.documentation;

import io.github.asyncmiddleware.metrics.ServerTimingPolicy;
import io.github.asyncmiddleware.metrics.ServerTimingPolicy.Detail;

import org.springframework.context.annotation.Bean;

/**
 * The code of {@code docs/server-timing.md}.
 */
class ServerTimingPage {

	@Bean
	ServerTimingPolicy serverTiming() {
		return (exchange) -> "ops".equals(exchange.getAttribute("team")) ? Detail.DETAILED : Detail.OFF;
	}

}
