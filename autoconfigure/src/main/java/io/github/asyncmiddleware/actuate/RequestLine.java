package io.github.asyncmiddleware.actuate;

import java.util.regex.Pattern;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.PathContainer;

/**
 * The request that a reader asks about, as given by the parameters of the endpoint.
 *
 * @param method the method
 * @param path the path within the application
 */
record RequestLine(HttpMethod method, PathContainer path) {

	private static final Pattern METHOD = Pattern.compile("[A-Z][A-Z0-9_-]*");

	private static final Pattern PATH = Pattern.compile("/[^\\p{Cntrl}?#]*");

	/**
	 * Take the parameters for a request.
	 * @param method the method, {@code GET} if it is absent
	 * @param path the path as it is sent, without a query
	 * @return the request, or {@code null} if there are no parameters
	 * @throws InvalidEndpointRequestException if a parameter makes no sense
	 */
	static @Nullable RequestLine of(@Nullable String method, @Nullable String path) {
		if (method == null && path == null) {
			return null;
		}
		return new RequestLine(parseMethod((method != null) ? method : "GET"), parsePath(path));
	}

	private static HttpMethod parseMethod(String method) {
		if (!METHOD.matcher(method).matches()) {
			throw invalid("Parameter 'method' must be an HTTP method in upper case", null);
		}
		return HttpMethod.valueOf(method);
	}

	private static PathContainer parsePath(@Nullable String path) {
		if (path == null) {
			throw invalid("Parameter 'path' must be given along with 'method'", null);
		}
		if (!PATH.matcher(path).matches()) {
			throw invalid("Parameter 'path' must begin with a slash and have neither a query nor control characters",
					null);
		}
		try {
			return PathContainer.parsePath(path);
		}
		catch (IllegalArgumentException ex) {
			throw invalid("Parameter 'path' must be encoded as in a URL", ex);
		}
	}

	private static InvalidEndpointRequestException invalid(String reason, @Nullable Throwable cause) {
		return new InvalidEndpointRequestException(reason, reason, cause);
	}

	/**
	 * Say why a middleware does not run for the request.
	 * @param middleware the middleware
	 * @return the reason, or {@code null} if it does run
	 */
	@Nullable String reasonToSkip(Middleware middleware) {
		return middleware.scope().exclusionReason(this.method, this.path);
	}

}
