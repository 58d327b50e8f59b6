package io.github.asyncmiddleware.autoconfigure;

import java.beans.PropertyDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

/**
 * The names of the properties that there are, as {@link AsyncMiddlewareProperties} has
 * them.
 */
final class PropertyCatalogue {

	/** The properties that are not for single middlewares, in dashed form. */
	private final List<String> properties = new ArrayList<>();

	/** What can be said about a single middleware, in dashed form. */
	private final List<String> attributes;

	PropertyCatalogue() {
		addProperties("", AsyncMiddlewareProperties.class);
		this.attributes = descriptors(AsyncMiddlewareProperties.Middleware.class).stream()
			.map((property) -> DataObjectPropertyName.toDashedForm(property.getName()))
			.sorted()
			.toList();
	}

	private void addProperties(String prefix, Class<?> type) {
		for (PropertyDescriptor property : descriptors(type)) {
			String name = prefix + DataObjectPropertyName.toDashedForm(property.getName());
			Class<?> propertyType = property.getPropertyType();
			if (propertyType.getEnclosingClass() == AsyncMiddlewareProperties.class && !propertyType.isEnum()) {
				addProperties(name + ".", propertyType);
			}
			else if (propertyType != Map.class) {
				this.properties.add(name);
			}
		}
	}

	private static List<PropertyDescriptor> descriptors(Class<?> type) {
		return Arrays.stream(BeanUtils.getPropertyDescriptors(type))
			.filter((property) -> !property.getName().equals("class"))
			.toList();
	}

	/**
	 * The properties that are not for single middlewares, without the prefix.
	 */
	List<String> properties() {
		return this.properties;
	}

	/**
	 * What can be said about a single middleware.
	 */
	List<String> attributes() {
		return this.attributes;
	}

	/**
	 * The property of a name.
	 * @param uniform its name without the prefix, in uniform form
	 * @return the name in dashed form, or {@code null} if there is none
	 */
	@Nullable String property(String uniform) {
		return find(this.properties, uniform);
	}

	/**
	 * Whether something can be said about a single middleware.
	 * @param uniform its name in uniform form
	 */
	boolean hasAttribute(String uniform) {
		return find(this.attributes, uniform) != null;
	}

	private static @Nullable String find(List<String> names, String uniform) {
		return names.stream().filter((name) -> MiddlewareNames.uniform(name).equals(uniform)).findFirst().orElse(null);
	}

	/**
	 * The attribute with which the name of an environment variable ends: the longest, as
	 * no name of a middleware ends in {@code exclude}.
	 * @param uniform the end of the name, in uniform form
	 * @return the attribute in uniform form, or {@code null} if it ends with none
	 */
	@Nullable String attributeAtTheEndOf(String uniform) {
		return this.attributes.stream()
			.map(MiddlewareNames::uniform)
			.filter((attribute) -> uniform.length() > attribute.length() && uniform.endsWith(attribute))
			.max(Comparator.comparingInt(String::length))
			.orElse(null);
	}

}
