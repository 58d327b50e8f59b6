package io.github.asyncmiddleware.autoconfigure.slice;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Awaits the response.
 */
@AsyncMiddleware(order = 5)
class Awaiting implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).map((response) -> {
			response.headers().add("X-Seen", "awaiting " + response.statusCode().value());
			return response;
		});
	}

}
