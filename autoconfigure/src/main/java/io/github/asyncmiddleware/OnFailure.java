package io.github.asyncmiddleware;

/**
 * What happens to a request when a middleware itself fails before it has handed over.
 */
public enum OnFailure {

	/**
	 * The request fails: with the error of the middleware, or with status 503 if the
	 * middleware took longer than its {@link AsyncMiddleware#timeout() timeout}, or was
	 * shed because too much is going on.
	 */
	FAIL,

	/**
	 * The request goes on as if the middleware were not there. That does not cover errors
	 * of the rest of the chain, nor exceptions that are an
	 * {@link org.springframework.web.ErrorResponse ErrorResponse}: those are answers.
	 */
	SKIP

}
