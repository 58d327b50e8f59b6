package io.github.asyncmiddleware.test;

import java.util.LinkedHashMap;
import java.util.Map;

import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareAutoConfiguration;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.web.context.reactive.AnnotationConfigReactiveWebApplicationContext;

/**
 * The bean definitions of the auto-configuration. To read them takes most of the time
 * that an application without a server takes to start, so it is done once in a virtual
 * machine.
 */
final class EngineDefinitions {

	private EngineDefinitions() {
	}

	/**
	 * Register the definitions with another application.
	 */
	static void registerWith(BeanDefinitionRegistry registry) {
		Holder.DEFINITIONS.forEach((name, definition) -> {
			if (!registry.containsBeanDefinition(name)) {
				registry.registerBeanDefinition(name, definition.cloneBeanDefinition());
			}
		});
	}

	/**
	 * Reads the definitions when they are needed first.
	 */
	private static final class Holder {

		private static final Map<String, AbstractBeanDefinition> DEFINITIONS = read();

		private static Map<String, AbstractBeanDefinition> read() {
			try (AnnotationConfigReactiveWebApplicationContext context = new AnnotationConfigReactiveWebApplicationContext()) {
				context.setParent(WebFluxInfrastructure.context());
				context.register(AsyncMiddlewareAutoConfiguration.class);
				context.refresh();
				Map<String, AbstractBeanDefinition> definitions = new LinkedHashMap<>();
				for (String name : context.getBeanDefinitionNames()) {
					definitions.put(name, (AbstractBeanDefinition) context.getBeanDefinition(name));
				}
				return definitions;
			}
		}

	}

}
