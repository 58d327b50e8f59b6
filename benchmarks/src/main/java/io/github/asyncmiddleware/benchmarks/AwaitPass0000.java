package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * A middleware in await style that passes on.
 */
@AsyncMiddleware(order = 1)
class AwaitPass0000 implements HandlerFilterFunction<ServerResponse, ServerResponse> {

	AwaitPass0000(String name, Instruments instruments) {
	}

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<ServerResponse> next) {
		return next.handle(request);
	}

}
