package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareProperties.Middleware;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.core.env.Environment;

/**
 * What the properties say about single middlewares, however their names are written.
 * <p>
 * A map of properties would do if the keys of a map were compared relaxed. They are not,
 * and an override under another form of the name would be lost.
 */
final class MiddlewareOverrides {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName
		.of(AsyncMiddlewareProperties.MIDDLEWARE);

	/** The prefix as it comes from an environment variable that keeps the dash. */
	private static final ConfigurationPropertyName VARIABLE_PREFIX = ConfigurationPropertyName
		.of(AsyncMiddlewareProperties.MIDDLEWARE.replace('-', '.'));

	private final List<ConfigurationPropertySource> sources = new ArrayList<>();

	/** One for each source, in which the last has the last word. */
	private final List<Binder> binders;

	private final Set<String> keys;

	MiddlewareOverrides(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (mayHaveOverrides(source)) {
				this.sources.add(0, source);
			}
		}
		PropertySourcesPlaceholdersResolver placeholders = new PropertySourcesPlaceholdersResolver(environment);
		this.binders = this.sources.stream().map((source) -> new Binder(List.of(source), placeholders)).toList();
		this.keys = MiddlewareProperty.allIn(environment)
			.stream()
			.filter((property) -> property.elements().size() > 2)
			.map((property) -> property.elements().get(1))
			.collect(Collectors.toCollection(LinkedHashSet::new));
	}

	/**
	 * Most have none, and to bind from them for each middleware would be felt at
	 * start-up.
	 */
	private static boolean mayHaveOverrides(ConfigurationPropertySource source) {
		return source.containsDescendantOf(PREFIX) != ConfigurationPropertyState.ABSENT
				|| source.containsDescendantOf(VARIABLE_PREFIX) != ConfigurationPropertyState.ABSENT;
	}

	/**
	 * The overrides for a middleware.
	 * @param beanName its name
	 * @param placeholders says what is wrong with a placeholder
	 * @return the overrides, in which nothing is set that no property sets
	 */
	Middleware of(String beanName, MiddlewarePlaceholders placeholders) {
		Middleware overrides = new Middleware();
		try {
			for (Binder binder : this.binders) {
				for (ConfigurationPropertyName name : names(beanName)) {
					binder.bind(name, Bindable.ofInstance(overrides));
				}
			}
		}
		catch (BindException ex) {
			throw placeholders.refuse(ex);
		}
		return overrides;
	}

	private Set<ConfigurationPropertyName> names(String beanName) {
		String uniform = MiddlewareNames.uniform(beanName);
		Set<ConfigurationPropertyName> names = new LinkedHashSet<>();
		names.add(bracketed(beanName));
		this.keys.stream()
			.filter((key) -> MiddlewareNames.uniform(key).equals(uniform))
			.map(MiddlewareOverrides::bracketed)
			.forEach(names::add);
		for (String form : List.of(DataObjectPropertyName.toDashedForm(beanName), uniform)) {
			if (form.indexOf('.') < 0 && ConfigurationPropertyName.isValid(form)) {
				names.add(PREFIX.append(form));
			}
		}
		return names;
	}

	private static ConfigurationPropertyName bracketed(String beanName) {
		return PREFIX.append("[" + beanName + "]");
	}

}
