package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.observation.MiddlewareObservationConvention;
import io.github.asyncmiddleware.observation.MiddlewareObservations;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the observations of asynchronous middleware. Whether there are
 * any is decided when the application runs, also where it was processed ahead of time.
 */
@AutoConfiguration(after = AsyncMiddlewareAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnBean({ ObservationRegistry.class, MiddlewareChain.class })
public final class AsyncMiddlewareObservationAutoConfiguration {

	@Bean
	@Nullable MiddlewareObservations asyncMiddlewareObservations(AsyncMiddlewareProperties properties,
			ObservationRegistry registry, ObjectProvider<MiddlewareObservationConvention> convention) {
		return properties.isObservations() ? new MiddlewareObservations(registry, convention.getIfAvailable()) : null;
	}

}
