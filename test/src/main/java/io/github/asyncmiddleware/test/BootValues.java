package io.github.asyncmiddleware.test;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.core.env.Environment;

/**
 * What Spring Boot does about the values that it injects: its converters, and a failure
 * for a placeholder without a value.
 */
final class BootValues {

	private BootValues() {
	}

	/**
	 * Do the same for an application that is about to start.
	 */
	static void applyTo(ConfigurableApplicationContext context) {
		ApplicationConversionService conversion = new ApplicationConversionService();
		context.getEnvironment().setConversionService(conversion);
		context.getBeanFactory().setConversionService(conversion);
		context.addBeanFactoryPostProcessor((factory) -> resolvePlaceholders(factory, context.getEnvironment()));
	}

	private static void resolvePlaceholders(ConfigurableListableBeanFactory factory, Environment environment) {
		if (factory.getBeanNamesForType(PropertySourcesPlaceholderConfigurer.class, true, false).length == 0) {
			PropertySourcesPlaceholderConfigurer placeholders = new PropertySourcesPlaceholderConfigurer();
			placeholders.setEnvironment(environment);
			placeholders.postProcessBeanFactory(factory);
		}
	}

}
