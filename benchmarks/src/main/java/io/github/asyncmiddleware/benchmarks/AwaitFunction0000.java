package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * A middleware that awaits the response and returns it as it is.
 */
@AsyncMiddleware(order = 1)
class AwaitFunction0000 implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	AwaitFunction0000(String name, Instruments instruments) {
	}

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).map((response) -> response);
	}

}
