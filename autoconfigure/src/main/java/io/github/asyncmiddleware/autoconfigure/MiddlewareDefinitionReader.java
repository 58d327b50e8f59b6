package io.github.asyncmiddleware.autoconfigure;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.AsyncMiddleware;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpMethod;
import org.springframework.util.ClassUtils;
import org.springframework.web.server.WebFilter;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/**
 * Finds the annotated beans, applies the overrides from properties, and refuses what
 * cannot work.
 */
class MiddlewareDefinitionReader {

	private static final List<String> METHODS = Arrays.stream(HttpMethod.values()).map(HttpMethod::name).toList();

	private final ConfigurableListableBeanFactory beanFactory;

	private final Environment environment;

	private final Binder binder;

	MiddlewareDefinitionReader(ConfigurableListableBeanFactory beanFactory, Environment environment) {
		this.beanFactory = beanFactory;
		this.environment = environment;
		this.binder = Binder.get(environment);
	}

	/**
	 * Read the definitions.
	 * @return the definitions, ordered by name
	 * @throws InvalidMiddlewareException if one is not valid
	 */
	List<MiddlewareDefinition> read() {
		List<MiddlewareDefinition> definitions = new ArrayList<>();
		for (String beanName : this.beanFactory.getBeanNamesForAnnotation(AsyncMiddleware.class)) {
			definitions.add(read(beanName));
		}
		definitions.sort(Comparator.comparing(MiddlewareDefinition::name));
		checkNames(definitions);
		checkOverriddenNames(definitions);
		return List.copyOf(definitions);
	}

	private MiddlewareDefinition read(String beanName) {
		Class<?> type = type(beanName);
		checkScope(beanName, type);
		if (!WebFilter.class.isAssignableFrom(type)) {
			throw new InvalidMiddlewareException(
					"The bean '%s' (%s) is annotated with @AsyncMiddleware, but it is not a WebFilter."
						.formatted(beanName, type.getName()),
					"Let it implement %s; on a @Bean method, declare that as the return type. Otherwise remove the annotation."
						.formatted(WebFilter.class.getName()));
		}
		MergedAnnotation<AsyncMiddleware> annotation = annotation(beanName, type);
		AsyncMiddlewareProperties.Middleware overrides = overrides(beanName);
		int annotatedOrder = annotation.getInt("order");
		Integer order = (overrides.getOrder() != null) ? overrides.getOrder()
				: (annotatedOrder != 0) ? Integer.valueOf(annotatedOrder) : null;
		Integer springOrder = springOrder(beanName, type);
		boolean ordered = order != null || springOrder != null || Ordered.class.isAssignableFrom(type);
		MiddlewareDefinition definition = new MiddlewareDefinition(beanName, type, overrides.isEnabled(), order,
				annotatedOrder, ordered, classes(beanName, "before", overrides.getBefore(), annotation),
				classes(beanName, "after", overrides.getAfter(), annotation),
				strings(overrides.getPath(), annotation, "path"),
				strings(overrides.getExcludePath(), annotation, "excludePath"),
				strings(overrides.getMethod(), annotation, "method"));
		checkOrder(definition, springOrder);
		checkPatterns(definition, "path", definition.path());
		checkPatterns(definition, "excludePath", definition.excludePath());
		checkMethods(definition);
		return definition;
	}

	private Class<?> type(String beanName) {
		Class<?> type = this.beanFactory.getType(beanName, false);
		return (type != null) ? ClassUtils.getUserClass(type) : Object.class;
	}

	/**
	 * The annotation of the bean method if there is one, else that of the class.
	 */
	private MergedAnnotation<AsyncMiddleware> annotation(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		if (factoryMethod != null) {
			MergedAnnotation<AsyncMiddleware> annotation = MergedAnnotations.from(factoryMethod)
				.get(AsyncMiddleware.class);
			if (annotation.isPresent()) {
				return annotation;
			}
		}
		return MergedAnnotations.from(type, SearchStrategy.TYPE_HIERARCHY).get(AsyncMiddleware.class);
	}

	private @Nullable Method factoryMethod(String beanName) {
		return (definition(beanName) instanceof RootBeanDefinition definition) ? definition.getResolvedFactoryMethod()
				: null;
	}

	private @Nullable BeanDefinition definition(String beanName) {
		return this.beanFactory.containsBeanDefinition(beanName) ? this.beanFactory.getMergedBeanDefinition(beanName)
				: null;
	}

	private AsyncMiddlewareProperties.Middleware overrides(String beanName) {
		String dashed = DataObjectPropertyName.toDashedForm(beanName);
		ConfigurationPropertyName name = ConfigurationPropertyName.of(AsyncMiddlewareProperties.MIDDLEWARE)
			.append((ConfigurationPropertyName.isValid(dashed) && dashed.indexOf('.') < 0) ? dashed
					: "[" + beanName + "]");
		return this.binder.bind(name, Bindable.of(AsyncMiddlewareProperties.Middleware.class))
			.orElseGet(AsyncMiddlewareProperties.Middleware::new);
	}

	private List<String> strings(@Nullable List<String> override, MergedAnnotation<AsyncMiddleware> annotation,
			String attribute) {
		List<String> strings = (override != null) ? override : List.of(annotation.getStringArray(attribute));
		return strings.stream().map(this.environment::resolveRequiredPlaceholders).toList();
	}

	private List<Class<?>> classes(String beanName, String attribute, @Nullable List<String> override,
			MergedAnnotation<AsyncMiddleware> annotation) {
		if (override == null) {
			return List.of(annotation.getClassArray(attribute));
		}
		List<Class<?>> classes = new ArrayList<>();
		for (String className : override) {
			try {
				classes.add(ClassUtils.forName(className, this.beanFactory.getBeanClassLoader()));
			}
			catch (ClassNotFoundException | LinkageError ex) {
				throw new InvalidMiddlewareException(
						"The property '%s.%s.%s' names the class '%s', which cannot be loaded."
							.formatted(AsyncMiddlewareProperties.MIDDLEWARE, beanName, attribute, className),
						"Give the full name of the class of a filter, or remove the entry.");
			}
		}
		return List.copyOf(classes);
	}

	private void checkScope(String beanName, Class<?> type) {
		BeanDefinition definition = definition(beanName);
		if (definition != null && !definition.isSingleton()) {
			throw new InvalidMiddlewareException(
					"The middleware '%s' (%s) has the scope '%s', but the filter chain is built once and needs a singleton."
						.formatted(beanName, type.getName(), definition.getScope()),
					"Remove the scope, and keep what belongs to one request in the attributes of its exchange.");
		}
	}

	private static void checkOrder(MiddlewareDefinition definition, @Nullable Integer springOrder) {
		if (definition.annotatedOrder() != 0 && springOrder != null && springOrder != definition.annotatedOrder()) {
			throw conflictingOrder(definition, "@Order(" + springOrder + ")");
		}
	}

	private @Nullable Integer springOrder(String beanName, Class<?> type) {
		Method factoryMethod = factoryMethod(beanName);
		MergedAnnotation<Order> order = (factoryMethod != null) ? MergedAnnotations.from(factoryMethod).get(Order.class)
				: MergedAnnotation.missing();
		if (!order.isPresent()) {
			order = MergedAnnotations.from(type, SearchStrategy.TYPE_HIERARCHY).get(Order.class);
		}
		return order.isPresent() ? Integer.valueOf(order.getInt(MergedAnnotation.VALUE)) : null;
	}

	/**
	 * The order of the annotation and another one on the same bean differ.
	 */
	static InvalidMiddlewareException conflictingOrder(MiddlewareDefinition definition, String other) {
		return new InvalidMiddlewareException(
				"The %s has two orders: %d in @AsyncMiddleware and %s.".formatted(definition.describe(),
						definition.annotatedOrder(), other),
				"Keep one of them. To run it elsewhere in one environment, set the property '%s.%s.order'."
					.formatted(AsyncMiddlewareProperties.MIDDLEWARE, definition.name()));
	}

	private void checkPatterns(MiddlewareDefinition definition, String attribute, List<String> patterns) {
		for (String pattern : patterns) {
			try {
				PathPatternParser.defaultInstance.parse(PathPatternParser.defaultInstance.initFullPathPattern(pattern));
			}
			catch (PatternParseException ex) {
				throw new InvalidMiddlewareException(
						"The %s has a '%s' that is not a path pattern: '%s'. %s at position %d."
							.formatted(definition.describe(), attribute, pattern, ex.getMessage(), ex.getPosition()),
						"Correct it in @AsyncMiddleware or in the property '%s.%s.%s'.".formatted(
								AsyncMiddlewareProperties.MIDDLEWARE, definition.name(),
								DataObjectPropertyName.toDashedForm(attribute)));
			}
		}
	}

	private void checkMethods(MiddlewareDefinition definition) {
		for (String method : definition.method()) {
			if (!METHODS.contains(method)) {
				throw new InvalidMiddlewareException(
						"The %s is for the HTTP method '%s', which does not exist.%s".formatted(definition.describe(),
								method, didYouMean(method, METHODS)),
						"Use one of " + String.join(", ", METHODS) + ", or none for all methods.");
			}
		}
	}

	private void checkNames(List<MiddlewareDefinition> definitions) {
		Map<String, MiddlewareDefinition> seen = new LinkedHashMap<>();
		for (MiddlewareDefinition definition : definitions) {
			MiddlewareDefinition other = seen.putIfAbsent(MiddlewareNames.uniform(definition.name()), definition);
			if (other != null) {
				throw new InvalidMiddlewareException("The %s and the %s have names that properties cannot tell apart."
					.formatted(other.describe(), definition.describe()), "Rename one of the beans.");
			}
		}
	}

	private void checkOverriddenNames(List<MiddlewareDefinition> definitions) {
		Set<String> known = definitions.stream()
			.map((definition) -> MiddlewareNames.uniform(definition.name()))
			.collect(Collectors.toSet());
		List<String> names = definitions.stream().map(MiddlewareDefinition::name).toList();
		this.binder
			.bind(AsyncMiddlewareProperties.MIDDLEWARE,
					Bindable.mapOf(String.class, AsyncMiddlewareProperties.Middleware.class))
			.orElseGet(Map::of)
			.keySet()
			.stream()
			.filter((name) -> !known.contains(MiddlewareNames.uniform(name)))
			.sorted()
			.findFirst()
			.ifPresent((name) -> {
				throw new InvalidMiddlewareException(
						"There are properties for a middleware '%s' ('%s.%s.*'), but no middleware of that name.%s"
							.formatted(name, AsyncMiddlewareProperties.MIDDLEWARE, name, didYouMean(name, names)),
						names.isEmpty() ? "Remove the properties: no bean is annotated with @AsyncMiddleware."
								: "Use one of these names, or remove the properties: " + String.join(", ", names)
										+ ".");
			});
	}

	private static String didYouMean(String name, List<String> candidates) {
		String nearest = MiddlewareNames.nearest(name, candidates);
		return (nearest != null) ? " Did you mean '" + nearest + "'?" : "";
	}

}
