package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Adds a header to good responses.
 */
@AsyncMiddleware
class StatusHeader implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).map((response) -> {
			if (response.statusCode() == HttpStatus.OK) {
				response.headers().set("X-Status", "OK");
			}
			return response;
		});
	}

}
