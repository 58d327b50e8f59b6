package io.github.asyncmiddleware.internal.chain;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpMethod;
import org.springframework.http.server.PathContainer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.Assert;
import org.springframework.web.util.pattern.PathPattern;

/**
 * The requests a middleware runs for.
 *
 * @param path patterns of which one has to match the path within the application; none
 * for all paths
 * @param excludePath patterns of which none may match
 * @param management patterns of the management endpoints if those are left out, else none
 * @param methods the HTTP methods; none for all
 */
public record MiddlewareScope(List<PathPattern> path, List<PathPattern> excludePath, List<PathPattern> management,
		Set<HttpMethod> methods) {

	/**
	 * Every request.
	 */
	public static final MiddlewareScope ALL = new MiddlewareScope(List.of(), List.of(), List.of(), Set.of());

	public MiddlewareScope {
		Assert.notNull(path, "'path' must not be null");
		path = List.copyOf(path);
		excludePath = List.copyOf(excludePath);
		management = List.copyOf(management);
		methods = Set.copyOf(methods);
	}

	/**
	 * Whether this is the scope of a middleware that runs for every request.
	 * @return {@code true} if nothing is left out
	 */
	public boolean isAll() {
		return this.path.isEmpty() && this.excludePath.isEmpty() && this.management.isEmpty() && this.methods.isEmpty();
	}

	/**
	 * Whether the middleware runs for a request.
	 * @param request the request as the middleware would see it
	 * @return {@code true} if it does
	 */
	public boolean includes(ServerHttpRequest request) {
		if (!includesMethod(request.getMethod())) {
			return false;
		}
		if (this.path.isEmpty() && this.excludePath.isEmpty() && this.management.isEmpty()) {
			return true;
		}
		PathContainer path = request.getPath().pathWithinApplication();
		return includesPath(path) && match(this.excludePath, path) == null && match(this.management, path) == null;
	}

	/**
	 * Say why the middleware does not run for a request.
	 * @param method the method of the request
	 * @param path its path within the application
	 * @return the reason, or {@code null} if the middleware does run for it
	 */
	public @Nullable String exclusionReason(HttpMethod method, PathContainer path) {
		if (!includesMethod(method)) {
			return "method " + method + " is not one of "
					+ this.methods.stream().map(HttpMethod::name).sorted().toList();
		}
		if (!includesPath(path)) {
			return "path matches none of " + this.path;
		}
		PathPattern excluded = match(this.excludePath, path);
		if (excluded != null) {
			return "path is excluded by " + excluded;
		}
		PathPattern managed = match(this.management, path);
		return (managed != null) ? "management endpoints are skipped (" + managed + ")" : null;
	}

	private boolean includesMethod(HttpMethod method) {
		return this.methods.isEmpty() || this.methods.contains(method)
				|| (HttpMethod.HEAD.equals(method) && this.methods.contains(HttpMethod.GET));
	}

	private boolean includesPath(PathContainer path) {
		return this.path.isEmpty() || match(this.path, path) != null;
	}

	private static @Nullable PathPattern match(List<PathPattern> patterns, PathContainer path) {
		for (PathPattern pattern : patterns) {
			if (pattern.matches(path)) {
				return pattern;
			}
		}
		return null;
	}

}
