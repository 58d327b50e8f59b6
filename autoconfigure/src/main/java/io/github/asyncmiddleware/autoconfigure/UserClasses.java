package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.style.HookCompiler;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.InstanceSupplier;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.util.ClassUtils;

/**
 * Finds the class that the user wrote, behind proxies and lambdas.
 */
final class UserClasses {

	private final ConfigurableListableBeanFactory beanFactory;

	UserClasses(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Whether a bean is a lambda, or a proxy of one: its class has no name.
	 */
	static boolean isLambda(Object bean) {
		return AopUtils.getTargetClass(bean).isHidden();
	}

	/**
	 * The class to show; for a lambda, the class that it is written in.
	 * @param bean the bean
	 * @param beanName its name, or {@code null} if it has none
	 */
	Class<?> of(Object bean, @Nullable String beanName) {
		Class<?> type = ClassUtils.getUserClass(AopUtils.getTargetClass(bean));
		if (!isLambda(bean)) {
			return type;
		}
		Method factoryMethod = (beanName != null) ? factoryMethod(beanName) : null;
		return (factoryMethod != null) ? factoryMethod.getDeclaringClass() : writtenIn(type);
	}

	/**
	 * The class that a lambda is written in, which its name begins with.
	 */
	private static Class<?> writtenIn(Class<?> lambda) {
		int end = lambda.getName().indexOf("$$Lambda");
		try {
			return (end > 0) ? ClassUtils.forName(lambda.getName().substring(0, end), lambda.getClassLoader()) : lambda;
		}
		catch (ClassNotFoundException | LinkageError ex) {
			return lambda;
		}
	}

	/**
	 * The method that has made a bean. What a supplier has made can have one, too, for
	 * its annotations.
	 */
	private @Nullable Method factoryMethod(String beanName) {
		RootBeanDefinition definition = BeanFactoryHierarchy.definitionOf(beanName, this.beanFactory);
		if (definition == null) {
			return null;
		}
		Supplier<?> supplier = definition.getInstanceSupplier();
		return (supplier == null || supplier instanceof InstanceSupplier) ? definition.getResolvedFactoryMethod()
				: null;
	}

	/**
	 * The class that has the hook methods; for a lambda, the interface that it is one of.
	 * @param bean the bean
	 * @param type the class to show
	 */
	static Class<?> withHooks(Object bean, Class<?> type) {
		return isLambda(bean) ? Arrays.stream(ClassUtils.getAllInterfacesForClass(AopUtils.getTargetClass(bean)))
			.filter(HookCompiler::hasHooks)
			.findFirst()
			.orElse(type) : type;
	}

}
