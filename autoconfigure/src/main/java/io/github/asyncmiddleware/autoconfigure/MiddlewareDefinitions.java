package io.github.asyncmiddleware.autoconfigure;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Style;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.util.Assert;
import org.springframework.web.server.WebFilter;

/**
 * The middlewares of the application, known before any bean exists.
 * <p>
 * Gives each of them its order by way of its bean definition. So Spring itself puts it in
 * its place among all filters, in every list of them, and no bean changes its type. The
 * definitions of a parent context stay as they are, since they are not for this context
 * alone, and an object that was registered as a bean has none.
 */
class MiddlewareDefinitions implements BeanFactoryPostProcessor, BeanPostProcessor, EnvironmentAware {

	private final Map<String, MiddlewareDefinition> definitions = new LinkedHashMap<>();

	private @Nullable Environment environment;

	private @Nullable ConfigurableListableBeanFactory beanFactory;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		Assert.state(this.environment != null, "'environment' must not be null");
		this.beanFactory = beanFactory;
		for (MiddlewareDefinition definition : new MiddlewareDefinitionReader(beanFactory, this.environment).read()) {
			this.definitions.put(definition.name(), definition);
			if (definition.style() != Style.NATIVE) {
				// Also if it is disabled: that can be another one when an application
				// runs
				// that was processed ahead of time
				registerFilter(beanFactory, definition);
			}
			setOrder(beanFactory, definition);
		}
		registerLast(beanFactory, HandlerDecorators.OURS);
	}

	private static void setOrder(ConfigurableListableBeanFactory beanFactory, MiddlewareDefinition definition) {
		Integer order = definition.ordered() ? definition.order() : Integer.valueOf(0);
		if (order != null && beanFactory.containsBeanDefinition(definition.filterName())) {
			FilterOrders.replace(beanFactory.getBeanDefinition(definition.filterName()), order);
		}
	}

	/**
	 * Among decorators of the handler that have the same order, or none, the one that is
	 * registered last is the innermost.
	 */
	private static void registerLast(ConfigurableListableBeanFactory beanFactory, String beanName) {
		if (beanFactory instanceof BeanDefinitionRegistry registry && registry.containsBeanDefinition(beanName)) {
			BeanDefinition definition = registry.getBeanDefinition(beanName);
			registry.removeBeanDefinition(beanName);
			registry.registerBeanDefinition(beanName, definition);
		}
	}

	/**
	 * A bean that is no filter gets one that runs it. It is made by a bean method, since
	 * the definition has to be one that can be processed ahead of time. Post-processors
	 * leave it alone: what they made of it would not be the filter that we know.
	 */
	private static void registerFilter(ConfigurableListableBeanFactory beanFactory, MiddlewareDefinition definition) {
		if (beanFactory instanceof BeanDefinitionRegistry registry
				&& !registry.containsBeanDefinition(definition.filterName())) {
			RootBeanDefinition filter = new RootBeanDefinition();
			filter.setFactoryBeanName(MiddlewareChain.BEAN_NAME);
			filter.setFactoryMethodName("filter");
			filter.setTargetType(WebFilter.class);
			filter.getConstructorArgumentValues().addIndexedArgumentValue(0, definition.name());
			filter.setRole(BeanDefinition.ROLE_INFRASTRUCTURE);
			filter.setSynthetic(true);
			registry.registerBeanDefinition(definition.filterName(), filter);
		}
	}

	/**
	 * The return type of a bean method can hide that the bean has an order of its own,
	 * which then counts.
	 */
	@Override
	public Object postProcessBeforeInitialization(Object bean, String beanName) {
		MiddlewareDefinition definition = this.definitions.get(beanName);
		if (definition != null && definition.style() != Style.NATIVE) {
			passOrderOn(bean, definition);
		}
		else if (definition != null && !definition.ordered() && this.beanFactory != null
				&& FilterOrders.ownOrderOf(bean) != null) {
			this.definitions.put(beanName, definition.withOrderOfBean());
			this.beanFactory.getMergedBeanDefinition(beanName).removeAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE);
		}
		return bean;
	}

	/**
	 * The order that a bean has itself is that of its filter.
	 */
	private void passOrderOn(Object bean, MiddlewareDefinition definition) {
		Integer order = (definition.order() == null) ? FilterOrders.ownOrderOf(bean) : null;
		if (order != null && this.beanFactory != null
				&& this.beanFactory.containsBeanDefinition(definition.filterName())) {
			this.beanFactory.getMergedBeanDefinition(definition.filterName())
				.setAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE, order);
			this.definitions.put(definition.name(), definition.withOrderOfBean());
		}
	}

	/**
	 * As above for a bean that this context does not make, which may be there for long.
	 */
	void madeElsewhere(Object bean, MiddlewareDefinition definition) {
		if (definition.style() != Style.NATIVE) {
			passOrderOn(bean, definition);
		}
		else if (!definition.ordered() && FilterOrders.ownOrderOf(bean) != null) {
			this.definitions.put(definition.name(), definition.withOrderOfBean());
		}
	}

	/**
	 * Whether the bean of a middleware is one of a parent context, or was registered as
	 * an object.
	 */
	boolean isMadeElsewhere(MiddlewareDefinition definition) {
		return this.beanFactory != null && !this.beanFactory.containsBeanDefinition(definition.name());
	}

	/**
	 * Whether the bean is a filter that is run as a middleware, and is none.
	 */
	boolean hasLentAnnotation(MiddlewareDefinition definition) {
		return this.beanFactory != null && this.beanFactory.containsBeanDefinition(definition.name())
				&& this.beanFactory.getBeanDefinition(definition.name()).hasAttribute(ForeignFilter.LENT_ANNOTATION);
	}

	/**
	 * All definitions, ordered by name.
	 */
	List<MiddlewareDefinition> all() {
		return List.copyOf(this.definitions.values());
	}

	@Nullable MiddlewareDefinition get(String name) {
		return this.definitions.get(name);
	}

}
