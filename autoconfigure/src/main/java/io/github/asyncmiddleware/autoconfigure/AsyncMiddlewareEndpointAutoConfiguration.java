package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint;
import io.github.asyncmiddleware.actuate.MiddlewareStatistics;
import io.github.asyncmiddleware.internal.chain.Ticker;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration for {@link AsyncMiddlewareEndpoint}. Nothing is measured for it
 * where it is not exposed.
 */
@AutoConfiguration(after = AsyncMiddlewareAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(MiddlewareChain.class)
public final class AsyncMiddlewareEndpointAutoConfiguration {

	/**
	 * Apart, as its condition is a class that may not be there.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnAvailableEndpoint(AsyncMiddlewareEndpoint.class)
	static class EndpointConfiguration {

		@Bean
		MiddlewareStatistics middlewareStatistics() {
			return new MiddlewareStatistics(Ticker.SYSTEM);
		}

		@Bean
		AsyncMiddlewareEndpoint asyncMiddlewareEndpoint(MiddlewareChain chain, MiddlewareStatistics statistics) {
			return new AsyncMiddlewareEndpoint(chain::entries, statistics);
		}

	}

}
