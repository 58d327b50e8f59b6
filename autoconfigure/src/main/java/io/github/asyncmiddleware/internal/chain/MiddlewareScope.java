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
 * @param links patterns of the page that links to them, which is for {@code GET} alone,
 * if it is left out, else none
 * @param methods the HTTP methods; none for all
 */
public record MiddlewareScope(List<PathPattern> path, List<PathPattern> excludePath, List<PathPattern> management,
		List<PathPattern> links, Set<HttpMethod> methods) {

	/**
	 * Every request.
	 */
	public static final MiddlewareScope ALL = new MiddlewareScope(List.of(), List.of(), Set.of());

	public MiddlewareScope {
		Assert.notNull(path, "'path' must not be null");
		path = List.copyOf(path);
		excludePath = List.copyOf(excludePath);
		management = List.copyOf(management);
		links = List.copyOf(links);
		methods = Set.copyOf(methods);
	}

	/**
	 * Create a scope that leaves no management endpoints out.
	 * @param path patterns of which one has to match; none for all paths
	 * @param excludePath patterns of which none may match
	 * @param methods the HTTP methods; none for all
	 */
	public MiddlewareScope(List<PathPattern> path, List<PathPattern> excludePath, Set<HttpMethod> methods) {
		this(path, excludePath, List.of(), List.of(), methods);
	}

	/**
	 * The same scope without management endpoints.
	 * @param management patterns of the endpoints
	 * @param links patterns of the page that links to them
	 * @return a scope that leaves those out, and no others
	 */
	public MiddlewareScope withoutManagement(List<PathPattern> management, List<PathPattern> links) {
		return new MiddlewareScope(this.path, this.excludePath, management, links, this.methods);
	}

	/**
	 * Whether this is the scope of a middleware that runs for every request.
	 * @return {@code true} if nothing is left out
	 */
	public boolean isAll() {
		return hasAllPaths() && this.methods.isEmpty();
	}

	private boolean hasAllPaths() {
		return this.path.isEmpty() && this.excludePath.isEmpty() && this.management.isEmpty() && this.links.isEmpty();
	}

	/**
	 * Whether the middleware runs for a request.
	 * @param request the request as the middleware would see it
	 * @return {@code true} if it does
	 */
	public boolean includes(ServerHttpRequest request) {
		HttpMethod method = request.getMethod();
		if (!includesMethod(method)) {
			return false;
		}
		if (hasAllPaths()) {
			return true;
		}
		PathContainer path = request.getPath().pathWithinApplication();
		return includesPath(path) && match(this.excludePath, path) == null && matchManagement(method, path) == null;
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
		PathPattern managed = matchManagement(method, path);
		return (managed != null) ? "management endpoints are skipped (" + managed + ")" : null;
	}

	private boolean includesMethod(HttpMethod method) {
		return this.methods.isEmpty() || this.methods.contains(method)
				|| (HttpMethod.HEAD.equals(method) && this.methods.contains(HttpMethod.GET));
	}

	private boolean includesPath(PathContainer path) {
		return this.path.isEmpty() || match(this.path, path) != null;
	}

	private @Nullable PathPattern matchManagement(HttpMethod method, PathContainer path) {
		PathPattern endpoint = match(this.management, path);
		return (endpoint == null && HttpMethod.GET.equals(method)) ? match(this.links, path) : endpoint;
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
