package io.github.asyncmiddleware.ecosystem.devtools;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * A middleware that the developer adds while the application runs.
 */
@AsyncMiddleware
class Second implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).map((response) -> {
			response.headers().add("X-Second", "here");
			return response;
		});
	}

}
