package io.github.asyncmiddleware.autoconfigure;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/**
 * Refuses attributes of middlewares that are wrong by themselves, or contradict each
 * other.
 */
final class DefinitionChecks {

	private static final Log logger = LogFactory.getLog(DefinitionChecks.class);

	private static final List<String> METHODS = Arrays.stream(HttpMethod.values()).map(HttpMethod::name).toList();

	private DefinitionChecks() {
	}

	/**
	 * Check a definition.
	 * @param definition the definition
	 * @param springOrder the order that Spring has found for the bean, if any
	 * @param registered whether the bean is registered with that, else it is that of
	 * {@code @Order}
	 * @throws InvalidMiddlewareException if it is not valid
	 */
	static void check(MiddlewareDefinition definition, @Nullable Integer springOrder, boolean registered) {
		checkMaxConcurrent(definition);
		checkOrder(definition, springOrder, registered);
		checkPatterns(definition, "path", definition.path());
		checkPatterns(definition, "excludePath", definition.excludePath());
		checkExcluded(definition);
		checkMethods(definition);
	}

	/**
	 * The annotation's value is the name of the bean, where {@code @RequestMapping} has a
	 * path.
	 */
	static void checkName(String beanName, String source) {
		if (beanName.contains("/") || beanName.contains("*")) {
			throw new InvalidMiddlewareException(
					"The name of the middleware '%s' (%s) looks like a path, and the value of @AsyncMiddleware is the name of the bean."
						.formatted(beanName, source),
					"Did you mean @AsyncMiddleware(path = \"%s\")?".formatted(beanName));
		}
	}

	/**
	 * The bean tells more than its definition, which may show nothing but an interface.
	 */
	static void checkOrder(MiddlewareDefinition definition, Object bean) {
		Integer order = (definition.annotatedOrder() != 0) ? FilterOrders.ownOrderOf(bean) : null;
		if (order != null && order != definition.annotatedOrder()) {
			throw conflictingOrder(definition,
					(bean instanceof Ordered) ? order + " from getOrder()" : "@Order(" + order + ")");
		}
	}

	private static void checkOrder(MiddlewareDefinition definition, @Nullable Integer springOrder, boolean registered) {
		if (definition.annotatedOrder() != 0 && springOrder != null && springOrder != definition.annotatedOrder()) {
			throw conflictingOrder(definition,
					registered ? springOrder + " in the definition of the bean" : "@Order(" + springOrder + ")");
		}
	}

	/**
	 * There can be several of a bean.
	 */
	static InvalidMiddlewareException noSingleton(String beanName, String source, @Nullable String scope) {
		return new InvalidMiddlewareException(
				"The middleware '%s' (%s) has the scope '%s', but the filter chain is built once and needs a singleton."
					.formatted(beanName, source, scope),
				"Remove the scope, and keep what belongs to one request in the attributes of its exchange.");
	}

	/**
	 * The order of the annotation and another one on the same bean differ.
	 */
	static InvalidMiddlewareException conflictingOrder(MiddlewareDefinition definition, String other) {
		return new InvalidMiddlewareException(
				"The %s has two orders: %d in @AsyncMiddleware and %s.".formatted(definition.describe(),
						definition.annotatedOrder(), other),
				"Keep one of them. To run it elsewhere in one environment, set the property '%s.order'."
					.formatted(AsyncMiddlewareProperties.of(definition.name())));
	}

	private static void checkPatterns(MiddlewareDefinition definition, String attribute, List<String> patterns) {
		for (String pattern : patterns) {
			try {
				PathPatternParser.defaultInstance.parse(PathPatternParser.defaultInstance.initFullPathPattern(pattern));
			}
			catch (PatternParseException ex) {
				throw new InvalidMiddlewareException(
						"The '%s' of the %s contains '%s', which is not a path pattern: %s at position %d."
							.formatted(attribute, definition.describe(), pattern, ex.getMessage(), ex.getPosition()),
						"Correct it in @AsyncMiddleware or in the property '%s.%s'.".formatted(
								AsyncMiddlewareProperties.of(definition.name()),
								DataObjectPropertyName.toDashedForm(attribute)));
			}
		}
	}

	/**
	 * A middleware of which nothing is left would not run, without a word.
	 */
	private static void checkExcluded(MiddlewareDefinition definition) {
		List<String> path = definition.path().isEmpty() ? List.of("/**") : definition.path();
		List<String> excluded = path.stream()
			.filter((pattern) -> definition.excludePath().stream().anyMatch((other) -> covers(other, pattern)))
			.toList();
		if (excluded.size() == path.size()) {
			throw new InvalidMiddlewareException(
					"The %s never runs: its 'excludePath' %s leaves out all of its 'path' %s."
						.formatted(definition.describe(), definition.excludePath(), path),
					"Narrow 'excludePath', in @AsyncMiddleware or in the property '%s.exclude-path'. To switch the middleware off, set '%s.enabled' to false."
						.formatted(AsyncMiddlewareProperties.of(definition.name()),
								AsyncMiddlewareProperties.of(definition.name())));
		}
		if (!excluded.isEmpty()) {
			logger.warn("The 'path' " + excluded + " of the " + definition.describe()
					+ " has no effect, since its 'excludePath' " + definition.excludePath()
					+ " leaves it out. Remove it from one of them.");
		}
	}

	/**
	 * Whether a pattern obviously matches all that another one does.
	 */
	private static boolean covers(String pattern, String other) {
		String full = PathPatternParser.defaultInstance.initFullPathPattern(pattern);
		String fullOther = PathPatternParser.defaultInstance.initFullPathPattern(other);
		if (full.equals(fullOther)) {
			return true;
		}
		String prefix = full.endsWith("/**") ? full.substring(0, full.length() - "/**".length()) : null;
		return prefix != null && prefix.chars().noneMatch((character) -> "*?{".indexOf(character) >= 0)
				&& (fullOther.equals(prefix) || fullOther.startsWith(prefix + "/"));
	}

	private static void checkMethods(MiddlewareDefinition definition) {
		for (String method : definition.method()) {
			if (!METHODS.contains(method)) {
				throw new InvalidMiddlewareException(
						"The %s is for the HTTP method '%s', which does not exist.%s".formatted(definition.describe(),
								method, didYouMean(method, METHODS)),
						"Use one of " + String.join(", ", METHODS) + ", or none for all methods.");
			}
		}
	}

	private static void checkMaxConcurrent(MiddlewareDefinition definition) {
		Integer maxConcurrent = definition.maxConcurrent();
		if (maxConcurrent != null && maxConcurrent < 1) {
			throw new InvalidMiddlewareException(
					"The property '%s.max-concurrent' is %d, but the %s needs at least one thread to run.".formatted(
							AsyncMiddlewareProperties.of(definition.name()), maxConcurrent, definition.describe()),
					"Set it to a positive number. To switch the middleware off, set '%s.enabled' to false."
						.formatted(AsyncMiddlewareProperties.of(definition.name())));
		}
	}

	static void checkNames(List<MiddlewareDefinition> definitions) {
		Map<String, MiddlewareDefinition> seen = new LinkedHashMap<>();
		for (MiddlewareDefinition definition : definitions) {
			MiddlewareDefinition other = seen.putIfAbsent(MiddlewareNames.uniform(definition.name()), definition);
			if (other != null) {
				throw new InvalidMiddlewareException("The %s and the %s have names that properties cannot tell apart."
					.formatted(other.describe(), definition.describe()), "Rename one of the beans.");
			}
		}
	}

	private static String didYouMean(String name, List<String> candidates) {
		String nearest = MiddlewareNames.nearest(name, candidates);
		return (nearest != null) ? " Did you mean '" + nearest + "'?" : "";
	}

}
