package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.util.Assert;

/**
 * The middlewares of the application, known before any bean exists.
 * <p>
 * Gives each of them its order by way of its bean definition. So Spring itself puts it in
 * its place among all filters, whoever asks for them, and no bean changes its type.
 */
class MiddlewareDefinitions implements BeanFactoryPostProcessor, EnvironmentAware {

	private @Nullable Environment environment;

	private @Nullable List<MiddlewareDefinition> definitions;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		Assert.state(this.environment != null, "'environment' must not be null");
		this.definitions = new MiddlewareDefinitionReader(beanFactory, this.environment).read();
		for (MiddlewareDefinition definition : this.definitions) {
			Integer order = (definition.ordered()) ? definition.order() : Integer.valueOf(0);
			if (order != null && beanFactory.containsBeanDefinition(definition.name())) {
				beanFactory.getBeanDefinition(definition.name())
					.setAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE, order);
			}
		}
	}

	List<MiddlewareDefinition> all() {
		Assert.state(this.definitions != null, "The bean factory has not been post-processed");
		return this.definitions;
	}

}
