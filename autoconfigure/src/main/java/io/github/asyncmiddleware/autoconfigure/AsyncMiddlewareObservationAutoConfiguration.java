package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.observation.MiddlewareObservationConvention;
import io.github.asyncmiddleware.observation.MiddlewareObservations;
import io.micrometer.observation.ObservationRegistry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the observations of asynchronous middleware.
 */
@AutoConfiguration(after = AsyncMiddlewareAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnBean({ ObservationRegistry.class, MiddlewareChain.class })
@ConditionalOnProperty(name = "async-middleware.observations", havingValue = "true")
public final class AsyncMiddlewareObservationAutoConfiguration {

	@Bean
	MiddlewareObservations asyncMiddlewareObservations(ObservationRegistry registry,
			ObjectProvider<MiddlewareObservationConvention> convention) {
		return new MiddlewareObservations(registry, convention.getIfAvailable());
	}

}
