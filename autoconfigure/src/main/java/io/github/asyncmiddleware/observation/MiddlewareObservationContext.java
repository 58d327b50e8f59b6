package io.github.asyncmiddleware.observation;

import java.time.Duration;

import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.Assert;

/**
 * What is known of the part of one middleware in one request while it is observed.
 * <p>
 * Result and own time are there when the observation stops, which is with the request; on
 * whatever thread that ends.
 */
public class MiddlewareObservationContext extends Observation.Context {

	private final String middleware;

	private final boolean foreign;

	private final ServerHttpRequest request;

	private volatile @Nullable String result;

	private volatile @Nullable Duration own;

	/**
	 * Create a context.
	 * @param middleware the name of the middleware, which is the name of its bean
	 * @param foreign whether it is a filter that is no middleware
	 * @param request the request as the server received it
	 */
	public MiddlewareObservationContext(String middleware, boolean foreign, ServerHttpRequest request) {
		Assert.notNull(middleware, "'middleware' must not be null");
		Assert.notNull(request, "'request' must not be null");
		this.middleware = middleware;
		this.foreign = foreign;
		this.request = request;
	}

	/**
	 * The name of the middleware.
	 * @return the name of its bean
	 */
	public String getMiddleware() {
		return this.middleware;
	}

	/**
	 * Whether this is a filter that is no middleware and is measured like one.
	 * @return {@code false} for a middleware
	 */
	public boolean isForeign() {
		return this.foreign;
	}

	/**
	 * The request.
	 * @return the request as the server received it
	 */
	public ServerHttpRequest getRequest() {
		return this.request;
	}

	/**
	 * How the part of the middleware ended.
	 * @return one of the values of the tag {@code result} of
	 * {@code async.middleware.own}, or {@code null} while that is not known
	 */
	public @Nullable String getResult() {
		return this.result;
	}

	/**
	 * The time that the middleware spent itself.
	 * @return the same as in {@code async.middleware.own}, or {@code null} while that is
	 * not known
	 */
	public @Nullable Duration getOwn() {
		return this.own;
	}

	/**
	 * The part of the middleware is over.
	 * @param result how it ended
	 * @param own the time that the middleware spent itself
	 */
	public void setEnd(String result, Duration own) {
		this.result = result;
		this.own = own;
	}

}
