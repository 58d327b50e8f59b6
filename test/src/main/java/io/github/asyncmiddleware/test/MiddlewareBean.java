package io.github.asyncmiddleware.test;

import java.lang.reflect.Method;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.AnnotatedGenericBeanDefinition;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.beans.factory.support.SimpleBeanDefinitionRegistry;
import org.springframework.context.annotation.AnnotationBeanNameGenerator;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.OrderUtils;
import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.web.server.WebFilter;

/**
 * A middleware that a test has made itself, as the bean that it would be in an
 * application.
 *
 * @param name the name of the bean
 * @param bean the middleware
 */
record MiddlewareBean(String name, Object bean) {

	/**
	 * Describe a middleware.
	 * @param name the name of the bean, or {@code null} for the one that Spring would
	 * give it
	 * @param bean the middleware
	 * @return its description
	 * @throws IllegalArgumentException if an application would not run it
	 */
	static MiddlewareBean of(@Nullable String name, Object bean) {
		Assert.notNull(bean, "'middleware' must not be null");
		Assert.isTrue(!(bean instanceof Class), () -> "'middleware' must be an object and not the " + bean
				+ "; make it with new, or use MiddlewareTester.ofConfiguration");
		Assert.isTrue(bean instanceof WebFilter || isAnnotated(bean), () -> bean.getClass().getName()
				+ " is neither annotated with @AsyncMiddleware nor a WebFilter, so an application would not run it."
				+ " Annotate the class. Where the annotation is on a @Bean method, use MiddlewareTester.ofConfiguration with the class of the method.");
		return new MiddlewareBean((name != null) ? name : defaultName(bean), bean);
	}

	private static boolean isAnnotated(Object bean) {
		return MergedAnnotations.from(bean.getClass(), SearchStrategy.TYPE_HIERARCHY).isPresent(AsyncMiddleware.class);
	}

	private static String defaultName(Object bean) {
		return isLambda(bean) ? "webFilter" : AnnotationBeanNameGenerator.INSTANCE
			.generateBeanName(new AnnotatedGenericBeanDefinition(type(bean)), new SimpleBeanDefinitionRegistry());
	}

	private static Class<?> type(Object bean) {
		return isLambda(bean) ? WebFilter.class : ClassUtils.getUserClass(bean);
	}

	private static boolean isLambda(Object bean) {
		return bean.getClass().isHidden() || bean.getClass().isSynthetic();
	}

	boolean isOf(Class<?> type) {
		return type.isInstance(this.bean);
	}

	/**
	 * Whether it is a filter that is no middleware and has no order of its own, so that
	 * it comes last in an application.
	 */
	boolean isUnordered() {
		return !isAnnotated(this.bean) && !(this.bean instanceof Ordered)
				&& OrderUtils.getOrder(this.bean.getClass()) == null;
	}

	/**
	 * The definition of the bean. A filter that is no middleware gets the annotation, so
	 * that the engine runs it and knows how it ends.
	 */
	RootBeanDefinition toDefinition() {
		RootBeanDefinition definition = new RootBeanDefinition();
		definition.setBeanClass(type(this.bean));
		definition.setTargetType(type(this.bean));
		definition.setInstanceSupplier(this::bean);
		if (!isAnnotated(this.bean)) {
			definition.setResolvedFactoryMethod(PlainFilter.METHOD);
			definition.setAttribute(ForeignFilter.LENT_ANNOTATION, true);
		}
		return definition;
	}

	/**
	 * Lends its annotation to filters that have none.
	 */
	static final class PlainFilter {

		private static final @Nullable Method METHOD = ReflectionUtils.findMethod(PlainFilter.class, "filter");

		private PlainFilter() {
		}

		@AsyncMiddleware
		static WebFilter filter() {
			throw new UnsupportedOperationException();
		}

	}

}
