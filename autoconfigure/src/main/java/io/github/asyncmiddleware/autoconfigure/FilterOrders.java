package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/**
 * Finds the number by which Spring has ordered a filter.
 * <p>
 * Looks in the places where Spring looks for beans of an ordered stream, in its order:
 * the attribute of the bean definition, the bean method, the class of the definition, the
 * bean. The order of Spring Security, for one, stands on its bean method.
 */
final class FilterOrders {

	/** What a bean definition has for its order where we have set another one. */
	private static final String REPLACED = FilterOrders.class.getName() + ".replaced";

	private static final OwnOrders OWN_ORDERS = new OwnOrders();

	private final ConfigurableListableBeanFactory beanFactory;

	FilterOrders(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * The order of a filter.
	 * @param filter the filter, or the bean that it runs
	 * @param beanName the name of the bean that is the filter, or {@code null} if there
	 * is none
	 * @return the order; the lowest precedence if none is found
	 */
	int orderOf(Object filter, @Nullable String beanName) {
		Integer order = (beanName != null) ? orderOfDefinition(beanName) : null;
		if (order == null) {
			order = ownOrderOf(filter);
		}
		return (order != null) ? order : Ordered.LOWEST_PRECEDENCE;
	}

	/**
	 * The order that something tells by itself, however it is registered.
	 * @param source a bean, a class or a bean method
	 * @return the order, or {@code null} if it tells none
	 */
	static @Nullable Integer ownOrderOf(Object source) {
		return OWN_ORDERS.findOrder(source);
	}

	/**
	 * The order that a bean is registered with, as by a {@code BeanRegistrar}. One that
	 * we have set is none.
	 * @param definition the definition of the bean, not a merged one: that may be older
	 * @return the order, or {@code null} if there is none
	 */
	static @Nullable Integer registeredOrderOf(BeanDefinition definition) {
		Object order = definition
			.getAttribute(definition.hasAttribute(REPLACED) ? REPLACED : AbstractBeanDefinition.ORDER_ATTRIBUTE);
		return (order instanceof Integer number) ? number : null;
	}

	/**
	 * Let Spring order a bean by another number than that which it is registered with.
	 * @param definition the definition of the bean
	 * @param order the number
	 */
	static void replace(BeanDefinition definition, Integer order) {
		if (!definition.hasAttribute(REPLACED)) {
			Integer registered = registeredOrderOf(definition);
			definition.setAttribute(REPLACED, (registered != null) ? registered : "none");
		}
		definition.setAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE, order);
	}

	private @Nullable Integer orderOfDefinition(String beanName) {
		ConfigurableListableBeanFactory owner = BeanFactoryHierarchy.ownerOf(beanName, this.beanFactory);
		return owner.containsBeanDefinition(beanName) ? orderOf(owner.getMergedBeanDefinition(beanName)) : null;
	}

	private @Nullable Integer orderOf(BeanDefinition definition) {
		if (definition.getAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE) instanceof Integer order) {
			return order;
		}
		if (!(definition instanceof RootBeanDefinition rootDefinition)) {
			return null;
		}
		Method factoryMethod = rootDefinition.getResolvedFactoryMethod();
		Integer order = (factoryMethod != null) ? ownOrderOf(factoryMethod) : null;
		Class<?> targetType = rootDefinition.getTargetType();
		return (order == null && targetType != null) ? ownOrderOf(targetType) : order;
	}

	/**
	 * Makes the look-up of Spring accessible.
	 */
	private static final class OwnOrders extends AnnotationAwareOrderComparator {

		@Override
		protected @Nullable Integer findOrder(Object source) {
			return super.findOrder(source);
		}

	}

}
