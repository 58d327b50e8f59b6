package io.github.asyncmiddleware.sample.middleware;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Awaits the response and sets a header by its status, before anything of it is sent.
 */
@AsyncMiddleware(after = RequestId.class)
class StatusHeader implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).map(this::stamp);
	}

	private LiveResponse stamp(LiveResponse response) {
		if (response.statusCode() == HttpStatus.OK) {
			response.headers().set("X-Status", "OK");
		}
		return response;
	}

}
