package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * A property of ours as a property source has it, with where people find it.
 *
 * @param elements the elements of its name behind {@code async-middleware}, without the
 * index in a list. An environment variable does not tell where one of them ends
 * @param kind where it comes from
 * @param name how people write it
 * @param origin where it stands: file, line and column, or the name of the source
 */
record MiddlewareProperty(List<String> elements, Kind kind, String name, String origin) {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName
		.of(AsyncMiddlewareProperties.PREFIX);

	/** The prefix as it comes from an environment variable that keeps the dash. */
	private static final ConfigurationPropertyName VARIABLE_PREFIX = ConfigurationPropertyName
		.of(AsyncMiddlewareProperties.PREFIX.replace('-', '.'));

	private static final Pattern BRACKETS = Pattern.compile("\\[(.*?)]");

	/** What a variable that is written like a property has. */
	private static final Pattern OTHER_FORM = Pattern.compile("[-.\\[]");

	/** The index in a list, at the end of a variable. */
	private static final Pattern INDEX = Pattern.compile("(_\\d+)?_?$");

	MiddlewareProperty {
		elements = List.copyOf(elements);
	}

	/**
	 * All properties of ours, those of the sources with the last word first.
	 */
	static List<MiddlewareProperty> allIn(Environment environment) {
		List<MiddlewareProperty> all = new ArrayList<>();
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable) {
				Kind kind = Kind.of(source.getUnderlyingSource());
				iterable.stream()
					.filter((name) -> prefixLength(name, kind) > 0)
					.forEach((name) -> all.add(of(name, iterable.getConfigurationProperty(name), kind)));
			}
		}
		return all;
	}

	/**
	 * A property as the {@link org.springframework.boot.context.properties.bind.Binder}
	 * has found it.
	 */
	static MiddlewareProperty of(ConfigurationProperty property) {
		ConfigurationPropertySource source = property.getSource();
		Kind kind = (source != null) ? Kind.of(source.getUnderlyingSource()) : Kind.FILE;
		return of(property.getName(), property, kind);
	}

	private static MiddlewareProperty of(ConfigurationPropertyName name, @Nullable ConfigurationProperty property,
			Kind kind) {
		Origin origin = (property != null) ? property.getOrigin() : null;
		String key = (origin instanceof PropertySourceOrigin inSource) ? inSource.getPropertyName() : name.toString();
		List<String> elements = new ArrayList<>();
		for (int i = prefixLength(name, kind); i < name.getNumberOfElements(); i++) {
			elements.add(name.getElement(i, Form.ORIGINAL));
		}
		if (elements.size() > 1 && name.isLastElementIndexed() && isNumber(elements.get(elements.size() - 1))) {
			elements.remove(elements.size() - 1);
		}
		return new MiddlewareProperty(elements, kind, key, describe(origin));
	}

	private static String describe(@Nullable Origin origin) {
		return (origin instanceof PropertySourceOrigin inSource && inSource.getOrigin() == null)
				? "property source '" + inSource.getPropertySource().getName() + "'" : String.valueOf(origin);
	}

	private static boolean isNumber(String element) {
		return element.chars().allMatch(Character::isDigit);
	}

	private static int prefixLength(ConfigurationPropertyName name, Kind kind) {
		if (PREFIX.isAncestorOf(name)) {
			return PREFIX.getNumberOfElements();
		}
		return (kind == Kind.VARIABLE && VARIABLE_PREFIX.isAncestorOf(name)) ? VARIABLE_PREFIX.getNumberOfElements()
				: 0;
	}

	/**
	 * The elements from one on, in the form in which names that are the same are equal.
	 */
	String uniform(int from) {
		return MiddlewareNames.uniform(String.join("", this.elements.subList(from, this.elements.size())));
	}

	/**
	 * How messages call it, without an article.
	 */
	String describe() {
		return (this.kind == Kind.VARIABLE) ? "environment variable '" + this.name + "'"
				: "property '" + this.name + "' (" + this.origin + ")";
	}

	/**
	 * How another property of ours is written in the place of this one.
	 * @param property its name behind the prefix
	 */
	String spell(String property) {
		String full = AsyncMiddlewareProperties.PREFIX + "." + property;
		if (this.kind != Kind.VARIABLE) {
			return full;
		}
		return variable(full, this.name.toUpperCase(Locale.ROOT).startsWith("ASYNC_"));
	}

	/**
	 * Whether the binder finds this where it looks for another property of ours. What is
	 * written with dots it always does; of environment variables it reads two forms.
	 * @param property the name of the other one behind the prefix
	 */
	boolean isReadAs(String property) {
		if (this.kind != Kind.VARIABLE || OTHER_FORM.matcher(this.name).find()) {
			return true;
		}
		String written = INDEX.matcher(this.name.toUpperCase(Locale.ROOT).replaceAll("_+", "_")).replaceFirst("");
		String full = AsyncMiddlewareProperties.PREFIX + "." + property;
		return written.endsWith(variable(full, true)) || written.endsWith(variable(full, false));
	}

	private static String variable(String property, boolean keepsDashes) {
		String plain = BRACKETS.matcher(property).replaceAll((name) -> "." + MiddlewareNames.uniform(name.group(1)));
		return plain.toUpperCase(Locale.ROOT).replace("-", keepsDashes ? "_" : "").replace('.', '_');
	}

	/**
	 * Where a property comes from.
	 */
	enum Kind {

		/**
		 * A file, a command line or the like, in which what begins with our prefix is for
		 * us.
		 */
		FILE,

		/**
		 * A system property of the JVM.
		 */
		SYSTEM_PROPERTY,

		/**
		 * An environment variable. Other tools make names of their own, such as
		 * Kubernetes out of the name of a service.
		 */
		VARIABLE;

		private static Kind of(@Nullable Object source) {
			if (source instanceof SystemEnvironmentPropertySource) {
				return VARIABLE;
			}
			return (source instanceof PropertySource<?> propertySource
					&& StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME.equals(propertySource.getName()))
							? SYSTEM_PROPERTY : FILE;
		}

	}

}
