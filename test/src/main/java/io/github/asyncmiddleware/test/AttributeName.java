package io.github.asyncmiddleware.test;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;

/**
 * The property that sets an attribute of a middleware. Equal for all spellings that the
 * engine takes for the same, and for all indexes of a list.
 *
 * @param middleware the letters and digits of the name of the middleware
 * @param attribute the letters and digits of the name of the attribute
 */
record AttributeName(String middleware, String attribute) {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("async-middleware.middleware");

	/**
	 * Read the name of a property.
	 * @param property the name
	 * @return what it sets, or {@code null} if that is no attribute of a middleware
	 */
	static @Nullable AttributeName of(String property) {
		ConfigurationPropertyName name = ConfigurationPropertyName.adapt(property, '.');
		int middleware = PREFIX.getNumberOfElements();
		return (PREFIX.isAncestorOf(name) && name.getNumberOfElements() > middleware + 1)
				? new AttributeName(uniform(name, middleware), uniform(name, middleware + 1)) : null;
	}

	private static String uniform(ConfigurationPropertyName name, int element) {
		StringBuilder uniform = new StringBuilder();
		name.getElement(element, Form.ORIGINAL)
			.toLowerCase(Locale.ROOT)
			.codePoints()
			.filter(Character::isLetterOrDigit)
			.forEach(uniform::appendCodePoint);
		return uniform.toString();
	}

	/**
	 * How a property of a middleware is written.
	 * @param middleware the name of the middleware
	 * @param attribute the name of the attribute, with an index if it has one
	 */
	static String spell(String middleware, String attribute) {
		return PREFIX + ".[" + middleware + "]." + attribute;
	}

}
