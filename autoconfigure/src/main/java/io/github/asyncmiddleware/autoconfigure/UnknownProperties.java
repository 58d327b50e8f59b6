package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.autoconfigure.MiddlewareProperty.Kind;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

/**
 * Finds properties that mean nothing. What is nearly right fails the start. What is not
 * may be there for a bean that a profile or a condition leaves out, or for another tool,
 * and is told in the log.
 */
final class UnknownProperties {

	private static final Log logger = LogFactory.getLog(UnknownProperties.class);

	private static final String MIDDLEWARE = "middleware";

	private final List<String> names;

	private final PropertyCatalogue catalogue = new PropertyCatalogue();

	/** The properties of middlewares that there are not, by the names of those. */
	private final Map<String, List<MiddlewareProperty>> withoutMiddleware = new TreeMap<>();

	private final List<MiddlewareProperty> withoutMeaning = new ArrayList<>();

	/**
	 * Create an instance.
	 * @param names the names of the middlewares, of those that are disabled too
	 */
	UnknownProperties(List<String> names) {
		this.names = names;
	}

	/**
	 * Look through all properties.
	 * @param properties the properties of ours, however they are written
	 * @throws InvalidMiddlewareException if one is nearly one that there is, or stands
	 * where only ours do
	 */
	void check(List<MiddlewareProperty> properties) {
		for (MiddlewareProperty property : properties) {
			if (property.kind() == Kind.VARIABLE) {
				checkVariable(property);
			}
			else {
				checkElements(property);
			}
		}
		warn();
	}

	private void checkElements(MiddlewareProperty property) {
		List<String> elements = property.elements();
		if (!MIDDLEWARE.equals(MiddlewareNames.uniform(elements.get(0)))) {
			checkProperty(property, property.uniform(0));
		}
		else if (elements.size() > 1) {
			String name = elements.get(1);
			String attribute = property.uniform(2);
			if (!attribute.isEmpty() && !this.catalogue.hasAttribute(attribute)) {
				refuseAttribute(property, nameOf(MiddlewareNames.uniform(name)), name, attribute);
			}
			else {
				checkName(property, name, null);
			}
		}
	}

	/**
	 * Where the name of a middleware ends, an environment variable does not tell. What is
	 * no attribute is part of it.
	 */
	private void checkVariable(MiddlewareProperty property) {
		String uniform = property.uniform(0);
		if (!uniform.startsWith(MIDDLEWARE)) {
			checkProperty(property, uniform);
			return;
		}
		String end = uniform.substring(MIDDLEWARE.length());
		String attribute = this.catalogue.attributeAtTheEndOf(end);
		if (attribute != null) {
			checkName(property, end.substring(0, end.length() - attribute.length()), attribute);
			return;
		}
		this.names.stream()
			.filter((name) -> end.startsWith(MiddlewareNames.uniform(name)))
			.findFirst()
			.ifPresentOrElse(
					(name) -> refuseAttribute(property, name, name,
							end.substring(MiddlewareNames.uniform(name).length())),
					() -> this.withoutMeaning.add(property));
	}

	private void checkProperty(MiddlewareProperty property, String uniform) {
		String known = this.catalogue.property(uniform);
		if (known != null) {
			checkSpelling(property, known);
			return;
		}
		String meant = MiddlewareNames.nearest(uniform, this.catalogue.properties());
		String attribute = this.catalogue.attributeAtTheEndOf(uniform);
		String name = (attribute != null) ? nameOf(uniform.substring(0, uniform.length() - attribute.length())) : null;
		if (name != null) {
			meant = of(name) + "." + dashed(attribute);
		}
		refuse(property, meant, "Correct or remove it. There are " + String.join(", ", this.catalogue.properties())
				+ " and, for one middleware, middleware.<name>.*.");
	}

	private static String of(String name) {
		return AsyncMiddlewareProperties.of(name).substring(AsyncMiddlewareProperties.PREFIX.length() + 1);
	}

	private @Nullable String nameOf(String uniform) {
		return this.names.stream()
			.filter((name) -> MiddlewareNames.uniform(name).equals(uniform))
			.findFirst()
			.orElse(null);
	}

	private @Nullable String dashed(@Nullable String uniform) {
		return this.catalogue.attributes()
			.stream()
			.filter((attribute) -> MiddlewareNames.uniform(attribute).equals(uniform))
			.findFirst()
			.orElse(uniform);
	}

	/**
	 * A name with a dot, written as it is, looks like a name and an attribute.
	 */
	private void refuseAttribute(MiddlewareProperty property, @Nullable String known, String name, String attribute) {
		String meant = MiddlewareNames.nearest(attribute, this.catalogue.attributes());
		if (meant != null) {
			meant = of(name) + "." + meant;
		}
		String end = this.catalogue.attributeAtTheEndOf(attribute);
		String dotted = (known == null && end != null)
				? nameOf(MiddlewareNames.uniform(name) + attribute.substring(0, attribute.length() - end.length()))
				: null;
		if (dotted != null) {
			meant = of(dotted) + "." + dashed(end);
		}
		refuse(property, meant, "Correct or remove it. For a middleware there are "
				+ String.join(", ", this.catalogue.attributes()) + ".");
	}

	private void refuse(MiddlewareProperty property, @Nullable String meant, String action) {
		if (meant == null && property.kind() != Kind.FILE) {
			this.withoutMeaning.add(property);
			return;
		}
		throw new InvalidMiddlewareException("The %s does not exist.%s".formatted(property.describe(),
				(meant != null) ? " Did you mean '" + property.spell(meant) + "'?" : ""), action);
	}

	private void checkName(MiddlewareProperty property, String name, @Nullable String attribute) {
		String known = nameOf(MiddlewareNames.uniform(name));
		if (known != null) {
			checkSpelling(property, of(known) + "." + dashed(attribute),
					of(DataObjectPropertyName.toDashedForm(known)) + "." + dashed(attribute),
					of(MiddlewareNames.uniform(known)) + "." + dashed(attribute));
			return;
		}
		String nearest = MiddlewareNames.misspelled(name, this.names);
		if (nearest != null && !MiddlewareNames.differInDigitsOnly(name, nearest)) {
			throw new InvalidMiddlewareException(
					"There is a property for a middleware '%s', but no middleware of that name: the %s. Did you mean '%s'?"
						.formatted(name, property.describe(),
								(attribute != null) ? property.spell(of(nearest) + "." + dashed(attribute)) : nearest),
					"Use one of these names, or remove the property: " + String.join(", ", this.names) + ".");
		}
		this.withoutMiddleware.computeIfAbsent(name, (key) -> new ArrayList<>()).add(property);
	}

	/**
	 * An environment variable can name something without a doubt and yet be one that
	 * nothing reads.
	 * @param spellings the ways to write the property
	 */
	private static void checkSpelling(MiddlewareProperty property, String... spellings) {
		if (Arrays.stream(spellings).noneMatch(property::isReadAs)) {
			throw new InvalidMiddlewareException(
					"The %s is not read. Did you mean '%s'?".formatted(property.describe(),
							property.spell(spellings[0])),
					"Correct or remove it. In the name of an environment variable all dashes are left out, or all are underscores.");
		}
	}

	private void warn() {
		this.withoutMiddleware.forEach((name, properties) -> logger.warn("There is no middleware '" + name
				+ "', so there is no effect of the " + describe(properties)
				+ ". That is as it should be where a profile or a condition leaves its bean out. Else correct the name, or"
				+ " remove what is set for it" + (this.names.isEmpty() ? ": no bean is annotated with @AsyncMiddleware."
						: ". Middlewares: " + String.join(", ", this.names) + ".")));
		if (!this.withoutMeaning.isEmpty()) {
			logger.warn("No property is meant by the " + describe(this.withoutMeaning)
					+ ". Remove it, unless it is there for something else.");
		}
	}

	private static String describe(List<MiddlewareProperty> properties) {
		return properties.stream().map(MiddlewareProperty::describe).distinct().collect(Collectors.joining(", the "));
	}

}
