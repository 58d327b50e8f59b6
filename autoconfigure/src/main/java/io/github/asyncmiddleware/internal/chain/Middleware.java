package io.github.asyncmiddleware.internal.chain;

import java.time.Duration;

import io.github.asyncmiddleware.OnFailure;
import org.jspecify.annotations.Nullable;

import org.springframework.web.server.WebFilter;

/**
 * A middleware as data: what the engine needs to know to run it.
 *
 * @param index a small number, unique among the middlewares of an application: listeners
 * keep what belongs to a middleware in arrays
 * @param name the name of its bean
 * @param type the class the user wrote
 * @param order the position among all filters
 * @param scope the requests it runs for
 * @param onFailure what happens to a request when it fails
 * @param timeout how much time it has for itself in one request, or {@code null} for as
 * much as it takes
 * @param code what runs
 */
public record Middleware(int index, String name, Class<?> type, int order, MiddlewareScope scope, OnFailure onFailure,
		@Nullable Duration timeout, MiddlewareCode code) implements ChainEntry {

	/**
	 * Create a middleware that is a filter and whose failures are those of the request.
	 * @param index a small number, unique among the middlewares of an application
	 * @param name the name of its bean
	 * @param type the class the user wrote
	 * @param order the position among all filters
	 * @param scope the requests it runs for
	 * @param filter what runs
	 */
	public Middleware(int index, String name, Class<?> type, int order, MiddlewareScope scope, WebFilter filter) {
		this(index, name, type, order, scope, OnFailure.FAIL, null, MiddlewareCode.of(filter));
	}

	/**
	 * A foreign filter in the shape of a middleware, so that it can be measured like one.
	 * @param index a small number, unique among the middlewares of an application
	 * @param name the name of its bean
	 * @param type the class the user wrote
	 * @param order the position among all filters
	 * @param filter what runs
	 * @return what the engine runs in place of the filter
	 */
	public static Middleware ofForeign(int index, String name, Class<?> type, int order, WebFilter filter) {
		return new Middleware(index, name, type, order, MiddlewareScope.ALL, OnFailure.FAIL, null,
				MiddlewareCode.ofForeign(filter));
	}

	/**
	 * Whether this is a foreign filter, which is measured and never judged: nothing that
	 * it does is misuse, and nothing of it is kept from taking effect.
	 * @return {@code false} for a middleware
	 */
	public boolean isForeign() {
		return this.code.style() == Style.FOREIGN;
	}

	@Override
	public WebFilter filter() {
		return this.code.filter();
	}

	@Override
	public Middleware measured() {
		return this;
	}

	/**
	 * The same middleware at another position.
	 * @param order the position among all filters
	 * @return a middleware with that order
	 */
	public Middleware withOrder(int order) {
		return (order != this.order) ? new Middleware(this.index, this.name, this.type, order, this.scope,
				this.onFailure, this.timeout, this.code) : this;
	}

	/**
	 * The same middleware for other requests.
	 * @param scope the requests it runs for
	 * @return a middleware with that scope
	 */
	public Middleware withScope(MiddlewareScope scope) {
		return (!scope.equals(this.scope)) ? new Middleware(this.index, this.name, this.type, this.order, scope,
				this.onFailure, this.timeout, this.code) : this;
	}

	/**
	 * Whether a request goes on without it when it fails.
	 * @return {@code true} if it is skipped then
	 */
	public boolean isOptional() {
		return this.onFailure == OnFailure.SKIP;
	}

	/**
	 * The method that runs before the rest of the chain, for people.
	 * @return its class and its name
	 */
	public String place() {
		return (this.code.style() == Style.HOOKS) ? filter().toString() : this.type.getName() + ".filter()";
	}

	/**
	 * The method that runs before the head of the response, for people.
	 * @return its class and its name
	 */
	public String responsePlace() {
		ResponseHook onResponse = this.code.onResponse();
		return (onResponse != null) ? onResponse.toString() : place();
	}

	@Override
	public String toString() {
		return (isForeign() ? "filter '" : "middleware '") + this.name + "' (" + this.type.getName() + ", order "
				+ this.order + ")";
	}

}
