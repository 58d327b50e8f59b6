package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Style;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

/**
 * Finds the annotated beans, applies the overrides from properties, and refuses what
 * cannot work.
 */
class MiddlewareDefinitionReader {

	/** What the name of the bean behind a scoped proxy begins with. */
	private static final String SCOPED_TARGET = ScopedProxyUtils.getTargetBeanName("");

	private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

	private final ConfigurableListableBeanFactory beanFactory;

	private final Environment environment;

	private final MiddlewareOverrides overrides;

	MiddlewareDefinitionReader(ConfigurableListableBeanFactory beanFactory, Environment environment) {
		this.beanFactory = beanFactory;
		this.environment = environment;
		this.overrides = new MiddlewareOverrides(environment);
	}

	/**
	 * Read the definitions.
	 * @return the definitions, ordered by name
	 * @throws InvalidMiddlewareException if one is not valid
	 */
	List<MiddlewareDefinition> read() {
		List<MiddlewareDefinition> definitions = new ArrayList<>();
		for (ConfigurableListableBeanFactory member : BeanFactoryHierarchy.of(this.beanFactory)) {
			for (String beanName : annotatedIn(member)) {
				if (BeanFactoryHierarchy.ownerOf(beanName, this.beanFactory) == member) {
					definitions.add(read(beanName));
				}
			}
		}
		checkHooks();
		definitions.sort(Comparator.comparing(MiddlewareDefinition::name));
		DefinitionChecks.checkNames(definitions);
		new UnknownProperties(definitions.stream().map(MiddlewareDefinition::name).toList())
			.check(MiddlewareProperty.allIn(this.environment));
		return List.copyOf(definitions);
	}

	/**
	 * Nothing would call the hook methods of a bean that is no middleware. What is not
	 * written for the application has none.
	 */
	private void checkHooks() {
		for (String beanName : this.beanFactory.getBeanDefinitionNames()) {
			Class<?> type = this.beanFactory.getType(beanName, false);
			if (type != null && !HiddenMiddlewares.isPartOfThePlatform(type) && MiddlewareStyles.hasHooks(type)
					&& !MiddlewareAnnotations.isOn(this.beanFactory, beanName)) {
				throw MiddlewareStyles.notAnnotated(beanName, source(beanName, ClassUtils.getUserClass(type)));
			}
		}
	}

	/**
	 * The names of the annotated beans of a bean factory itself. Does not make factory
	 * beans tell what they are going to make: it is too early to create any bean.
	 */
	static List<String> annotatedIn(ConfigurableListableBeanFactory beanFactory) {
		List<String> names = new ArrayList<>();
		beanFactory.getBeanNamesIterator().forEachRemaining((beanName) -> {
			BeanDefinition definition = beanFactory.containsBeanDefinition(beanName)
					? beanFactory.getMergedBeanDefinition(beanName) : null;
			if ((definition == null || !definition.isAbstract()) && MiddlewareAnnotations.isOn(beanFactory, beanName)) {
				names.add(beanName);
			}
		});
		return names;
	}

	private MiddlewareDefinition read(String beanName) {
		Class<?> type = type(beanName);
		String source = source(beanName, type);
		DefinitionChecks.checkName(beanName, source);
		checkScope(beanName, source);
		Style style = MiddlewareStyles.styleOf(beanName, source, type, resolvableType(beanName, type));
		try {
			return readAttributes(beanName, style, type, source);
		}
		catch (UnresolvedPlaceholderException ex) {
			// Values may be there only where the application runs, which reads them again
			if (Boolean.getBoolean(AbstractAotProcessor.AOT_PROCESSING)) {
				return MiddlewareDefinition.withoutAttributes(beanName, style, declaringType(beanName, type), source);
			}
			throw ex;
		}
	}

	private MiddlewareDefinition readAttributes(String beanName, Style style, Class<?> type, String source) {
		MergedAnnotation<AsyncMiddleware> annotation = annotation(beanName, type);
		MiddlewarePlaceholders placeholders = new MiddlewarePlaceholders(this.environment, beanName, source);
		AsyncMiddlewareProperties.Middleware overrides = this.overrides.of(beanName, placeholders);
		int annotatedOrder = annotation.getInt("order");
		Integer order = (overrides.getOrder() != null) ? overrides.getOrder()
				: (annotatedOrder != 0) ? Integer.valueOf(annotatedOrder) : null;
		Integer registeredOrder = registeredOrder(beanName);
		Integer springOrder = (registeredOrder != null) ? registeredOrder : orderAnnotation(beanName, type);
		if (order == null && style != Style.NATIVE) {
			// Spring does not see that this bean has a place among the filters
			order = springOrder;
		}
		boolean ordered = order != null || springOrder != null || Ordered.class.isAssignableFrom(type);
		MiddlewareDefinition definition = new MiddlewareDefinition(beanName, style, declaringType(beanName, type),
				source, overrides.isEnabled(), order, annotatedOrder, ordered,
				classes(placeholders, "before", overrides.getBefore(), annotation),
				classes(placeholders, "after", overrides.getAfter(), annotation),
				strings(placeholders, "path", overrides.getPath(), annotation),
				strings(placeholders, "excludePath", overrides.getExcludePath(), annotation),
				strings(placeholders, "method", overrides.getMethod(), annotation),
				(overrides.getConcurrent() != null) ? overrides.getConcurrent() : annotation.getBoolean("concurrent"),
				overrides.getMaxConcurrent(), timeout(placeholders, overrides.getTimeout(), annotation),
				(overrides.getOnFailure() != null) ? overrides.getOnFailure()
						: annotation.getEnum("onFailure", OnFailure.class));
		MiddlewareStyles.checkConcurrent(definition, type);
		DefinitionChecks.check(definition, springOrder, registeredOrder != null);
		return definition;
	}

	private Class<?> type(String beanName) {
		Class<?> type = this.beanFactory.getType(beanName, false);
		return (type != null) ? ClassUtils.getUserClass(type) : Object.class;
	}

	/**
	 * What the bean method says if there is one, with its type arguments, which a lambda
	 * does not have.
	 */
	private ResolvableType resolvableType(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		return (factoryMethod != null && type.isAssignableFrom(factoryMethod.getReturnType()))
				? ResolvableType.forMethodReturnType(factoryMethod) : ResolvableType.forClass(type);
	}

	/**
	 * Where the user finds the bean: the class, or the bean method if that only tells an
	 * interface.
	 */
	private String source(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		return (factoryMethod != null && (type.isInterface() || type == Object.class))
				? "bean method " + factoryMethod.getDeclaringClass().getName() + "." + factoryMethod.getName() + "()"
				: type.getName();
	}

	/**
	 * The class that the user wrote, as far as that is known without the bean: where the
	 * bean method only tells an interface, the class that has the method.
	 */
	private Class<?> declaringType(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		return (factoryMethod != null && (type.isInterface() || type == Object.class))
				? factoryMethod.getDeclaringClass() : type;
	}

	/**
	 * The annotation of the bean method if there is one, else that of the class.
	 */
	private MergedAnnotation<AsyncMiddleware> annotation(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		MergedAnnotation<AsyncMiddleware> annotation = (factoryMethod != null) ? MiddlewareAnnotations.of(factoryMethod)
				: MergedAnnotation.missing();
		if (!annotation.isPresent()) {
			annotation = MiddlewareAnnotations.of(type);
		}
		AsyncMiddleware other = annotation.isPresent() ? null : BeanFactoryHierarchy.ownerOf(beanName, this.beanFactory)
			.findAnnotationOnBean(beanName, AsyncMiddleware.class, false);
		return (other != null) ? MergedAnnotation.from(other) : annotation;
	}

	private @Nullable Method factoryMethod(String beanName) {
		return BeanFactoryHierarchy.factoryMethodOf(beanName, this.beanFactory);
	}

	private @Nullable BeanDefinition definition(String beanName) {
		ConfigurableListableBeanFactory owner = BeanFactoryHierarchy.ownerOf(beanName, this.beanFactory);
		return owner.containsBeanDefinition(beanName) ? owner.getMergedBeanDefinition(beanName) : null;
	}

	private static List<String> strings(MiddlewarePlaceholders placeholders, String attribute,
			@Nullable List<String> override, MergedAnnotation<AsyncMiddleware> annotation) {
		return placeholders.resolve(attribute,
				(override != null) ? override : List.of(annotation.getStringArray(attribute)));
	}

	private static @Nullable Duration timeout(MiddlewarePlaceholders placeholders, @Nullable String override,
			MergedAnnotation<AsyncMiddleware> annotation) {
		String beanName = placeholders.beanName();
		String source = placeholders.source();
		String value = placeholders.resolve("timeout", (override != null) ? override : annotation.getString("timeout"))
			.strip();
		if (value.isEmpty()) {
			return null;
		}
		Duration timeout;
		try {
			timeout = DurationStyle.detectAndParse(value);
		}
		catch (IllegalArgumentException ex) {
			throw invalidTimeout(beanName, source, value, "is not a duration");
		}
		// Longer ones would not fit into nanoseconds
		if (timeout.compareTo(LONGEST_TIMEOUT) > 0) {
			throw invalidTimeout(beanName, source, value, "is longer than " + LONGEST_TIMEOUT.toDays() + " days");
		}
		if (timeout.isNegative() || timeout.isZero()) {
			throw invalidTimeout(beanName, source, value, "is not positive");
		}
		return timeout;
	}

	private static InvalidMiddlewareException invalidTimeout(String beanName, String source, String value,
			String problem) {
		return new InvalidMiddlewareException(
				"The 'timeout' of the middleware '%s' (%s) is '%s', which %s.".formatted(beanName, source, value,
						problem),
				"Use a positive duration such as 200ms, 2s or PT0.2S in @AsyncMiddleware or in the property '%s.timeout'. An empty one is none."
					.formatted(AsyncMiddlewareProperties.of(beanName)));
	}

	private List<Class<?>> classes(MiddlewarePlaceholders placeholders, String attribute,
			@Nullable List<String> override, MergedAnnotation<AsyncMiddleware> annotation) {
		if (override == null) {
			return MiddlewareAnnotations.classes(annotation, attribute);
		}
		List<Class<?>> classes = new ArrayList<>();
		for (String className : placeholders.resolve(attribute, override)) {
			try {
				classes.add(ClassUtils.forName(className, this.beanFactory.getBeanClassLoader()));
			}
			catch (ClassNotFoundException | LinkageError ex) {
				throw new InvalidMiddlewareException(
						"The property '%s.%s' names the class '%s', which cannot be loaded."
							.formatted(AsyncMiddlewareProperties.of(placeholders.beanName()), attribute, className),
						"Give the full name of the class of a filter, or remove the entry.");
			}
		}
		return List.copyOf(classes);
	}

	private void checkScope(String beanName, String source) {
		BeanDefinition definition = definition(beanName);
		if (definition != null && !definition.isSingleton()) {
			throw DefinitionChecks.noSingleton(StringUtils.delete(beanName, SCOPED_TARGET), source,
					definition.getScope());
		}
	}

	private @Nullable Integer registeredOrder(String beanName) {
		ConfigurableListableBeanFactory owner = BeanFactoryHierarchy.ownerOf(beanName, this.beanFactory);
		return owner.containsBeanDefinition(beanName)
				? FilterOrders.registeredOrderOf(owner.getBeanDefinition(beanName)) : null;
	}

	private @Nullable Integer orderAnnotation(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		MergedAnnotation<Order> order = (factoryMethod != null) ? MergedAnnotations.from(factoryMethod).get(Order.class)
				: MergedAnnotation.missing();
		if (!order.isPresent()) {
			order = MergedAnnotations.from(type, SearchStrategy.TYPE_HIERARCHY).get(Order.class);
		}
		return order.isPresent() ? Integer.valueOf(order.getInt(MergedAnnotation.VALUE)) : null;
	}

}
