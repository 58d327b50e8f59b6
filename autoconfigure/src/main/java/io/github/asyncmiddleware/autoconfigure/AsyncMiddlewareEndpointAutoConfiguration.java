package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint;
import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpointWebExtension;
import io.github.asyncmiddleware.actuate.MiddlewareStatistics;
import io.github.asyncmiddleware.actuate.SlowRequestsEndpoint;
import io.github.asyncmiddleware.actuate.SlowestRequests;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.RequestTraces;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

/**
 * Auto-configuration for {@link AsyncMiddlewareEndpoint} and
 * {@link SlowRequestsEndpoint}. Nothing is measured for one that is not exposed.
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
		MiddlewareStatistics asyncMiddlewareStatistics() {
			return new MiddlewareStatistics(Ticker.SYSTEM);
		}

		@Bean
		AsyncMiddlewareEndpoint asyncMiddlewareEndpoint(ObjectProvider<MiddlewareChain> chain,
				MiddlewareStatistics statistics) {
			// Later, as the chain may want to know the paths of all endpoints
			return new AsyncMiddlewareEndpoint(() -> chain.getObject().rows(), statistics);
		}

		@Bean
		@ConditionalOnAvailableEndpoint(endpoint = AsyncMiddlewareEndpoint.class, exposure = EndpointExposure.WEB)
		AsyncMiddlewareEndpointWebExtension asyncMiddlewareEndpointWebExtension(AsyncMiddlewareEndpoint endpoint) {
			return new AsyncMiddlewareEndpointWebExtension(endpoint);
		}

	}

	/**
	 * Apart for the same reason.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnAvailableEndpoint(SlowRequestsEndpoint.class)
	static class SlowRequestsConfiguration {

		@Bean
		SlowestRequests asyncMiddlewareSlowestRequests(ObjectProvider<RequestTraces> traces) {
			return new SlowestRequests(Ticker.SYSTEM,
					SingletonSupplier.of(() -> traces.getIfAvailable(() -> RequestTraces.NONE)));
		}

		@Bean
		SlowRequestsEndpoint asyncMiddlewareSlowRequestsEndpoint(SlowestRequests requests) {
			return new SlowRequestsEndpoint(requests);
		}

	}

}
