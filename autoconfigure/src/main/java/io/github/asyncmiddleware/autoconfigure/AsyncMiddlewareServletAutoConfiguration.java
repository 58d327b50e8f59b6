package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.guard.LogNames;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration that says why middlewares do nothing in a servlet application.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = Type.SERVLET)
final class AsyncMiddlewareServletAutoConfiguration {

	private static final Log logger = LogFactory.getLog(LogNames.CHAIN);

	@Bean
	SmartInitializingSingleton unusedMiddlewareWarning(ListableBeanFactory beanFactory) {
		return () -> warn(
				Stream.of(BeanFactoryUtils.beanNamesForAnnotationIncludingAncestors(beanFactory, AsyncMiddleware.class))
					.sorted()
					.toList());
	}

	private static void warn(List<String> names) {
		if (!names.isEmpty()) {
			logger.warn("The beans " + names + " are annotated with @AsyncMiddleware but never run: this is a servlet"
					+ " application, and they take part in the filter chain of WebFlux only. Use WebFlux instead of"
					+ " Spring MVC (spring.main.web-application-type=reactive if both are there), or remove the beans.");
		}
	}

}
