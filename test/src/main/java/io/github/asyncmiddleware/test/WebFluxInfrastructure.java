package io.github.asyncmiddleware.test;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.logging.LoggingInitializationContext;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.web.context.reactive.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.config.EnableWebFlux;

/**
 * The codecs, resolvers and handlers of WebFlux with their defaults. They keep nothing of
 * a test, so all tests of a virtual machine share them.
 */
final class WebFluxInfrastructure {

	private WebFluxInfrastructure() {
	}

	static ApplicationContext context() {
		return Holder.CONTEXT;
	}

	/**
	 * Makes the context when it is needed first.
	 */
	private static final class Holder {

		private static final ApplicationContext CONTEXT = create();

		private static ApplicationContext create() {
			AnnotationConfigReactiveWebApplicationContext context = new AnnotationConfigReactiveWebApplicationContext();
			initializeLogging(context);
			context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor());
			context.register(WebFluxConfiguration.class);
			context.refresh();
			return context;
		}

		/**
		 * As an application does when it starts, unless one has in this virtual machine.
		 * Logback, for one, would print what it gets at debug level.
		 */
		private static void initializeLogging(AnnotationConfigReactiveWebApplicationContext context) {
			LoggingSystem system = LoggingSystem.get(WebFluxInfrastructure.class.getClassLoader());
			system.beforeInitialize();
			system.initialize(new LoggingInitializationContext(context.getEnvironment()), null, null);
		}

	}

	/**
	 * The defaults.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableWebFlux
	static class WebFluxConfiguration {

	}

}
