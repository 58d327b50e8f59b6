package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

/**
 * Refuses beans that turn out to be middlewares when they are made, since their
 * definitions show nothing but an interface: they would never run, without a word.
 */
final class HiddenMiddlewares {

	private static final List<String> PARTS_OF_THE_PLATFORM = List.of("java.", "jakarta.", "jdk.",
			"org.springframework.", "reactor.", "io.micrometer.");

	private HiddenMiddlewares() {
	}

	/**
	 * Whether a class is none that is written for the application.
	 * @param type the class
	 * @return whether it is one of Java, of Spring or of what Spring stands on
	 */
	static boolean isPartOfThePlatform(Class<?> type) {
		return PARTS_OF_THE_PLATFORM.stream().anyMatch(type.getName()::startsWith);
	}

	/**
	 * Check all beans that there are, those of parent contexts included.
	 * @param beanFactory has the beans
	 * @param known the names of the middlewares
	 * @throws InvalidMiddlewareException if one is hidden
	 */
	static void check(ConfigurableListableBeanFactory beanFactory, Set<String> known) {
		for (ConfigurableListableBeanFactory member : BeanFactoryHierarchy.of(beanFactory)) {
			for (String beanName : member.getSingletonNames()) {
				Object bean = known.contains(beanName) ? null : member.getSingleton(beanName);
				if (bean != null && BeanFactoryHierarchy.ownerOf(beanName, beanFactory) == member) {
					check(member, beanName, ClassUtils.getUserClass(AopUtils.getTargetClass(bean)));
				}
			}
		}
	}

	private static void check(ConfigurableListableBeanFactory beanFactory, String beanName, Class<?> type) {
		if (isPartOfThePlatform(type)) {
			return;
		}
		if (MiddlewareAnnotations.of(type).isPresent()) {
			throw annotated(beanName, type);
		}
		if (type != declaredType(beanFactory, beanName) && MiddlewareStyles.hasHooks(type)) {
			throw MiddlewareStyles.notAnnotated(beanName, type.getName());
		}
	}

	/**
	 * The annotation is on a class that the definition of the bean does not name.
	 * @param beanName the name of the bean
	 * @param type the class
	 * @return the exception
	 */
	static InvalidMiddlewareException annotated(String beanName, Class<?> type) {
		return new InvalidMiddlewareException(
				"The class of the bean '%s' (%s) is annotated with @AsyncMiddleware, but the definition of the bean does not show its class."
					.formatted(beanName, type.getName()),
				"Declare %s as the return type of its @Bean method%s.".formatted(type.getSimpleName(),
						MiddlewareStyles.hasHooks(type) ? "" : ", or put @AsyncMiddleware on the method"));
	}

	/**
	 * What a context below this one holds, such as that of a management server, was not
	 * there when the middlewares were looked for.
	 * @param context the context that holds filters, or {@code null} for the own one
	 * @param own the context of the middlewares
	 * @throws InvalidMiddlewareException if it holds a middleware
	 */
	static void checkBelow(@Nullable ApplicationContext context, ConfigurableApplicationContext own) {
		if (!(context instanceof ConfigurableApplicationContext below)) {
			return;
		}
		for (ConfigurableListableBeanFactory member : BeanFactoryHierarchy.of(below.getBeanFactory())) {
			if (member == own.getBeanFactory()) {
				return;
			}
			for (String name : MiddlewareDefinitionReader.annotatedIn(member)) {
				throw below(name, member.getType(name, false), own);
			}
		}
	}

	/**
	 * A middleware is in a context below the one of the middlewares.
	 * @param beanName the name of the bean
	 * @param type the class, if that is known
	 * @param own the context of the middlewares
	 * @return the exception
	 */
	static InvalidMiddlewareException below(String beanName, @Nullable Class<?> type, ApplicationContext own) {
		return new InvalidMiddlewareException(
				"The bean '%s' (%s) is annotated with @AsyncMiddleware, but it is in a child of the application context that runs the middlewares ('%s')."
					.formatted(beanName, (type != null) ? type.getName() : "unknown class", own.getId()),
				"Register it there, or in a parent of it.");
	}

	/**
	 * Another bean has the name of the filter that runs a middleware.
	 * @param definition the definition of the middleware
	 * @param type the class of the other bean
	 * @return the exception
	 */
	static InvalidMiddlewareException replaced(MiddlewareDefinition definition, Class<?> type) {
		return new InvalidMiddlewareException(
				"The bean '%s' (%s) stands in the place of the filter that runs the %s, so that one would not run as it is declared."
					.formatted(definition.filterName(), type.getName(), definition.describe()),
				"Give the bean another name, or let what has replaced the filter leave it as it is.");
	}

	private static @Nullable Class<?> declaredType(ConfigurableListableBeanFactory beanFactory, String beanName) {
		return (beanFactory.containsBeanDefinition(beanName)
				&& beanFactory.getMergedBeanDefinition(beanName) instanceof RootBeanDefinition definition)
						? definition.getResolvableType().resolve() : null;
	}

}
