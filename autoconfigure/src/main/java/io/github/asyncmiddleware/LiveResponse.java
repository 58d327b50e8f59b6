package io.github.asyncmiddleware;

import org.springframework.http.HttpStatusCode;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * The response of the rest of the chain when its head is decided and not sent yet.
 * <p>
 * A middleware that is a
 * {@link org.springframework.web.reactive.function.server.HandlerFilterFunction
 * HandlerFilterFunction} gets it from {@code next.handle(request)}, whatever has made the
 * response. {@link #headers()} and {@link #cookies()} can be changed. Returning it sends
 * it, with its body; returning another {@link ServerResponse} sends that one instead, and
 * what has not been sent of this one is released.
 * <p>
 * Belongs to one request, and to one thread at a time. Once it has been returned,
 * changing it has no effect or is an error.
 */
public interface LiveResponse extends ServerResponse {

	/**
	 * Change the status and keep headers and body.
	 * @param status the status to send
	 * @throws IllegalStateException if the response is on its way already
	 */
	void setStatusCode(HttpStatusCode status);

}
