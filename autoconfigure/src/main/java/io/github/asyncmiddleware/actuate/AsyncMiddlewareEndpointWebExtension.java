package io.github.asyncmiddleware.actuate;

import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint.ChainDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.http.HttpStatus;
import org.springframework.util.Assert;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} for the
 * {@link AsyncMiddlewareEndpoint}: says over HTTP what is wrong with a parameter, which
 * the error page of an application leaves out by default.
 */
@EndpointWebExtension(endpoint = AsyncMiddlewareEndpoint.class)
@RegisterReflectionForBinding({ ChainDescriptor.class, AsyncMiddlewareEndpointWebExtension.BadRequestDescriptor.class })
public class AsyncMiddlewareEndpointWebExtension {

	private final AsyncMiddlewareEndpoint endpoint;

	/**
	 * Create an extension.
	 * @param endpoint the endpoint
	 */
	public AsyncMiddlewareEndpointWebExtension(AsyncMiddlewareEndpoint endpoint) {
		Assert.notNull(endpoint, "'endpoint' must not be null");
		this.endpoint = endpoint;
	}

	/**
	 * Show the whole chain.
	 * @param method the method of a request to explain; {@code GET} if only a path is
	 * given
	 * @param path the path of a request to explain, within the application; if it is
	 * given, every middleware says whether it applies
	 * @return the chain, or with the status 400 what is wrong with a parameter
	 */
	@ReadOperation
	public WebEndpointResponse<OperationResponseBody> chain(@Nullable String method, @Nullable String path) {
		try {
			return new WebEndpointResponse<>(this.endpoint.chain(method, path));
		}
		catch (InvalidEndpointRequestException ex) {
			return new WebEndpointResponse<>(BadRequestDescriptor.of(ex.getReason()), HttpStatus.BAD_REQUEST.value());
		}
	}

	/**
	 * Description of a request that cannot be answered, with the names that an error of
	 * Boot has.
	 *
	 * @param status the status
	 * @param error its reason phrase
	 * @param message what is wrong with a parameter
	 */
	public record BadRequestDescriptor(int status, String error,
			@Nullable String message) implements OperationResponseBody {

		static BadRequestDescriptor of(@Nullable String message) {
			return new BadRequestDescriptor(HttpStatus.BAD_REQUEST.value(), HttpStatus.BAD_REQUEST.getReasonPhrase(),
					message);
		}

	}

}
