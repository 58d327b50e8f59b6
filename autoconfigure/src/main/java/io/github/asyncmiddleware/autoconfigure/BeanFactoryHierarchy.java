package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;

/**
 * A bean factory and its ancestors, seen as one: a bean hides those of the same name
 * farther up, as it does for all code that asks for beans of a type.
 */
final class BeanFactoryHierarchy {

	private BeanFactoryHierarchy() {
	}

	/**
	 * The bean factories, the given one first.
	 */
	static List<ConfigurableListableBeanFactory> of(ConfigurableListableBeanFactory beanFactory) {
		List<ConfigurableListableBeanFactory> hierarchy = new ArrayList<>();
		BeanFactory next = beanFactory;
		while (next instanceof ConfigurableListableBeanFactory member) {
			hierarchy.add(member);
			next = member.getParentBeanFactory();
		}
		return hierarchy;
	}

	/**
	 * The bean factory that has the bean of a name: the nearest; the given one if none
	 * has.
	 */
	static ConfigurableListableBeanFactory ownerOf(String beanName, ConfigurableListableBeanFactory beanFactory) {
		return of(beanFactory).stream()
			.filter((member) -> member.containsLocalBean(beanName))
			.findFirst()
			.orElse(beanFactory);
	}

	/**
	 * The method that makes a bean.
	 * @param beanName the name of the bean
	 * @param beanFactory a bean factory that has it, or an ancestor of which has it
	 * @return the method, or {@code null} if there is none or it is not known yet
	 */
	static @Nullable Method factoryMethodOf(String beanName, ConfigurableListableBeanFactory beanFactory) {
		RootBeanDefinition definition = definitionOf(beanName, beanFactory);
		return (definition != null) ? definition.getResolvedFactoryMethod() : null;
	}

	/**
	 * The merged definition of a bean.
	 * @param beanName the name of the bean
	 * @param beanFactory a bean factory that has it, or an ancestor of which has it
	 * @return the definition, or {@code null} if there is none
	 */
	static @Nullable RootBeanDefinition definitionOf(String beanName, ConfigurableListableBeanFactory beanFactory) {
		ConfigurableListableBeanFactory owner = ownerOf(beanName, beanFactory);
		return (owner.containsBeanDefinition(beanName)
				&& owner.getMergedBeanDefinition(beanName) instanceof RootBeanDefinition definition) ? definition
						: null;
	}

}
