package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;

import org.springframework.http.HttpMethod;

/**
 * The attributes of one middleware, which replace those of its {@link AsyncMiddleware}
 * annotation as the properties {@code async-middleware.middleware.<name>.*} of an
 * application do. What is not set stays as it is annotated.
 */
public final class MiddlewareAttributes {

	private final Map<String, String> values = new LinkedHashMap<>();

	MiddlewareAttributes() {
	}

	/**
	 * Replace the position among all filters.
	 * @param order the order, lowest first
	 * @return these attributes
	 */
	public MiddlewareAttributes order(int order) {
		return set("order", String.valueOf(order));
	}

	/**
	 * Replace the filters that the middleware has to precede.
	 * @param types the classes of the filters
	 * @return these attributes
	 */
	public MiddlewareAttributes before(Class<?>... types) {
		return set("before", Arrays.stream(types).map(Class::getName).toList());
	}

	/**
	 * Replace the filters that the middleware has to follow.
	 * @param types the classes of the filters
	 * @return these attributes
	 */
	public MiddlewareAttributes after(Class<?>... types) {
		return set("after", Arrays.stream(types).map(Class::getName).toList());
	}

	/**
	 * Replace the paths that the middleware runs for.
	 * @param patterns the patterns, or none for all paths
	 * @return these attributes
	 */
	public MiddlewareAttributes path(String... patterns) {
		return set("path", List.of(patterns));
	}

	/**
	 * Replace the paths that the middleware does not run for.
	 * @param patterns the patterns, or none to exclude nothing
	 * @return these attributes
	 */
	public MiddlewareAttributes excludePath(String... patterns) {
		return set("exclude-path", List.of(patterns));
	}

	/**
	 * Replace the HTTP methods that the middleware runs for.
	 * @param methods the methods, or none for all
	 * @return these attributes
	 */
	public MiddlewareAttributes method(HttpMethod... methods) {
		return set("method", Arrays.stream(methods).map(HttpMethod::name).toList());
	}

	/**
	 * Replace whether the middleware may be at work at the same time as its neighbours.
	 * @param concurrent whether it may
	 * @return these attributes
	 */
	public MiddlewareAttributes concurrent(boolean concurrent) {
		return set("concurrent", String.valueOf(concurrent));
	}

	/**
	 * Replace the time that the middleware has for itself.
	 * @param timeout a positive duration
	 * @return these attributes
	 */
	public MiddlewareAttributes timeout(Duration timeout) {
		return set("timeout", timeout.toString());
	}

	/**
	 * Let the middleware take as much time as it likes.
	 * @return these attributes
	 */
	public MiddlewareAttributes noTimeout() {
		return set("timeout", "");
	}

	/**
	 * Replace what happens to a request when the middleware fails.
	 * @param onFailure what happens to it
	 * @return these attributes
	 */
	public MiddlewareAttributes onFailure(OnFailure onFailure) {
		return set("on-failure", onFailure.name());
	}

	/**
	 * Set how many requests may be in the blocking method of the middleware at a time.
	 * @param maxConcurrent a positive number
	 * @return these attributes
	 */
	public MiddlewareAttributes maxConcurrent(int maxConcurrent) {
		return set("max-concurrent", String.valueOf(maxConcurrent));
	}

	private MiddlewareAttributes set(String name, List<String> values) {
		this.values.keySet().removeIf((key) -> key.equals(name) || key.startsWith(name + "["));
		if (values.isEmpty()) {
			return set(name, "");
		}
		// Not joined by commas, which a pattern can contain
		for (int i = 0; i < values.size(); i++) {
			this.values.put(name + "[" + i + "]", values.get(i));
		}
		return this;
	}

	private MiddlewareAttributes set(String name, String value) {
		this.values.put(name, value);
		return this;
	}

	/**
	 * The attributes as properties.
	 * @return values by the last part of the name
	 */
	Map<String, String> toProperties() {
		return this.values;
	}

}
