package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.core.env.Environment;
import org.springframework.util.PlaceholderResolutionException;

/**
 * Resolves placeholders in what the annotation or a property says about one middleware.
 *
 * @param environment has the values
 * @param beanName the name of the middleware
 * @param source where the user finds it
 */
record MiddlewarePlaceholders(Environment environment, String beanName, String source) {

	/**
	 * Resolve the placeholders of an attribute.
	 * @param attribute the name of the attribute, as the annotation has it
	 * @param texts its values
	 * @return the values without placeholders
	 * @throws UnresolvedPlaceholderException if a placeholder has no value
	 */
	List<String> resolve(String attribute, List<String> texts) {
		return texts.stream().map((text) -> resolve(attribute, text)).toList();
	}

	/**
	 * As above for an attribute with one value.
	 */
	String resolve(String attribute, String text) {
		try {
			return this.environment.resolveRequiredPlaceholders(text);
		}
		catch (IllegalArgumentException ex) {
			throw unresolvable(attribute, text,
					"Correct it in @AsyncMiddleware or in the property '%s'".formatted(property(attribute)), ex);
		}
	}

	/**
	 * Say what is wrong with a property that cannot be bound.
	 * @param ex how the property was refused
	 * @return what to throw: what was given, unless it is for a placeholder
	 */
	RuntimeException refuse(BindException ex) {
		ConfigurationProperty property = ex.getProperty();
		String text = (property != null) ? String.valueOf(property.getValue()) : "";
		try {
			this.environment.resolveRequiredPlaceholders(text);
			return ex;
		}
		catch (IllegalArgumentException unresolvable) {
			String attribute = ex.getName().getLastElement(Form.DASHED);
			return unresolvable(
					attribute, text, (property != null)
							? "Correct it in the " + MiddlewareProperty.of(property).describe() : "Correct it",
					unresolvable);
		}
	}

	private UnresolvedPlaceholderException unresolvable(String attribute, String text, String action,
			IllegalArgumentException ex) {
		String placeholder = (ex instanceof PlaceholderResolutionException resolution) ? resolution.getPlaceholder()
				: null;
		String problem = (placeholder != null)
				? "has the placeholder '%s', for which there is no value".formatted(placeholder)
				: "has a placeholder that cannot be resolved: " + ex.getMessage();
		return new UnresolvedPlaceholderException(
				"The '%s' of the middleware '%s' (%s) is '%s', which %s.".formatted(attribute, this.beanName,
						this.source, text, problem),
				action + ((placeholder != null)
						? ", set the property '%s', or give a default: ${%s:...}.".formatted(placeholder, placeholder)
						: "."));
	}

	private String property(String attribute) {
		return "%s.%s".formatted(AsyncMiddlewareProperties.of(this.beanName),
				DataObjectPropertyName.toDashedForm(attribute));
	}

}
