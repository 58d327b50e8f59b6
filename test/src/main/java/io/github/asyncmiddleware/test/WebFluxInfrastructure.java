package io.github.asyncmiddleware.test;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.web.context.reactive.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.config.EnableWebFlux;

/**
 * The codecs, resolvers and handlers of WebFlux with their defaults. They keep nothing of
 * a test, so all tests of a virtual machine share them.
 * <p>
 * Leaves the log alone: the logging library configures itself, and a test that attaches
 * an appender, or starts an application later, finds it as it expects it.
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
			context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor());
			context.register(WebFluxConfiguration.class);
			context.refresh();
			return context;
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
