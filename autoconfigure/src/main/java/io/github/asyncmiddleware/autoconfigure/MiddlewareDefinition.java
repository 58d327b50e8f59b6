package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Style;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a middleware before its bean exists: its annotation, with the
 * overrides from properties applied.
 *
 * @param name the name of the bean
 * @param style how it is written
 * @param type the class that the user wrote, as far as it is known without the bean
 * @param source where the user finds it: the class of the bean, or the bean method
 * @param enabled whether it takes part in the chain
 * @param order the order from a property or the annotation, or {@code null} if neither
 * names one
 * @param annotatedOrder the order from the annotation, 0 if it names none
 * @param ordered whether anything names an order: a property, the annotation, or Spring's
 * {@code @Order} or {@code Ordered} on the bean
 * @param before the filters it has to precede
 * @param after the filters it has to follow
 * @param path the path patterns it runs for
 * @param excludePath the path patterns it does not run for
 * @param method the HTTP methods it runs for
 * @param concurrent whether it may be at work at the same time as its neighbours
 * @param maxConcurrent how many requests may be in a blocking method of it, or
 * {@code null} for as many as in all
 * @param timeout how much time it has for itself, or {@code null} for no end
 * @param onFailure what happens to a request when it fails
 */
record MiddlewareDefinition(String name, Style style, Class<?> type, String source, boolean enabled,
		@Nullable Integer order, int annotatedOrder, boolean ordered, List<Class<?>> before, List<Class<?>> after,
		List<String> path, List<String> excludePath, List<String> method, boolean concurrent,
		@Nullable Integer maxConcurrent, @Nullable Duration timeout, OnFailure onFailure) {

	/**
	 * What no property can change, for an application that does not run. Its order is
	 * left alone.
	 */
	static MiddlewareDefinition withoutAttributes(String name, Style style, Class<?> type, String source) {
		return new MiddlewareDefinition(name, style, type, source, true, null, 0, true, List.of(), List.of(), List.of(),
				List.of(), List.of(), false, null, null, OnFailure.FAIL);
	}

	/**
	 * The same, when the bean itself turns out to have an order.
	 */
	MiddlewareDefinition withOrderOfBean() {
		return new MiddlewareDefinition(this.name, this.style, this.type, this.source, this.enabled, this.order,
				this.annotatedOrder, true, this.before, this.after, this.path, this.excludePath, this.method,
				this.concurrent, this.maxConcurrent, this.timeout, this.onFailure);
	}

	/**
	 * The name of the bean that is the filter: itself, or one that is registered for it.
	 */
	String filterName() {
		return (this.style == Style.NATIVE) ? this.name : this.name + ".filter";
	}

	/**
	 * How messages call it.
	 */
	String describe() {
		return "middleware '" + this.name + "' (" + this.source + ")";
	}

}
