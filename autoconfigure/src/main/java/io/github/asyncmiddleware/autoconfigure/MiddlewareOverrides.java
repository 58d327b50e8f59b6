package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareProperties.Middleware;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
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
		this.keys = Binder.get(environment)
			.bind(PREFIX, Bindable.mapOf(String.class, Middleware.class))
			.map(Map::keySet)
			.orElseGet(Set::of);
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
	 * @return the overrides, in which nothing is set that no property sets
	 */
	Middleware of(String beanName) {
		Middleware overrides = new Middleware();
		for (Binder binder : this.binders) {
			for (ConfigurationPropertyName name : names(beanName)) {
				binder.bind(name, Bindable.ofInstance(overrides));
			}
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

	/**
	 * The names for which there are properties, as they are written there.
	 */
	Set<String> names() {
		Set<String> names = new TreeSet<>(this.keys);
		for (ConfigurationPropertySource source : this.sources) {
			if (source instanceof IterableConfigurationPropertySource iterable) {
				iterable.filter(VARIABLE_PREFIX::isAncestorOf).forEach((variable) -> addName(variable, names));
			}
		}
		return names;
	}

	/**
	 * Where a name ends, an environment variable does not tell. What is no attribute is
	 * part of it.
	 */
	private static void addName(ConfigurationPropertyName variable, Set<String> names) {
		StringBuilder name = new StringBuilder();
		for (int i = VARIABLE_PREFIX.getNumberOfElements(); i < variable.getNumberOfElements(); i++) {
			name.append(variable.getElement(i, Form.UNIFORM));
		}
		for (String attribute : attributes()) {
			if (name.length() > attribute.length() && name.toString().endsWith(attribute)) {
				names.add(name.substring(0, name.length() - attribute.length()));
				return;
			}
		}
	}

	/**
	 * The longest first: a name does not end in {@code exclude}.
	 */
	private static List<String> attributes() {
		return Arrays.stream(BeanUtils.getPropertyDescriptors(Middleware.class))
			.map((property) -> MiddlewareNames.uniform(property.getName()))
			.sorted(Comparator.comparingInt(String::length).reversed())
			.toList();
	}

}
