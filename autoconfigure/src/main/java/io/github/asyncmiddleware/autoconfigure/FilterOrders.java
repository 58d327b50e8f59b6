package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;
import org.springframework.web.server.WebFilter;

/**
 * Finds the number by which Spring has ordered a filter.
 * <p>
 * Looks in the places where Spring looks for beans of an ordered stream, in its order:
 * the attribute of the bean definition, the bean method, the class of the definition, the
 * bean. The order of Spring Security, for one, stands on its bean method.
 */
final class FilterOrders extends AnnotationAwareOrderComparator {

	private final ConfigurableListableBeanFactory beanFactory;

	FilterOrders(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * The order of a filter.
	 * @param filter the filter
	 * @param beanName the name of its bean, or {@code null} if it is not one
	 * @return the order; the lowest precedence if none is found
	 */
	int orderOf(WebFilter filter, @Nullable String beanName) {
		Integer order = (beanName != null && this.beanFactory.containsBeanDefinition(beanName))
				? orderOf(this.beanFactory.getMergedBeanDefinition(beanName)) : null;
		if (order == null) {
			order = findOrder(filter);
		}
		return (order != null) ? order : Ordered.LOWEST_PRECEDENCE;
	}

	private @Nullable Integer orderOf(BeanDefinition definition) {
		if (definition.getAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE) instanceof Integer order) {
			return order;
		}
		if (!(definition instanceof RootBeanDefinition rootDefinition)) {
			return null;
		}
		Method factoryMethod = rootDefinition.getResolvedFactoryMethod();
		Integer order = (factoryMethod != null) ? findOrder(factoryMethod) : null;
		Class<?> targetType = rootDefinition.getTargetType();
		return (order == null && targetType != null) ? findOrder(targetType) : order;
	}

}
