package io.github.asyncmiddleware.sample.demo;

import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * A layer of the onion that awaits the response: notes when it runs before and after the
 * rest of the chain.
 */
class AwaitLayer implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	private final String name;

	AwaitLayer(String name) {
		this.name = name;
	}

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		request.exchange().getResponse().getHeaders().add(OnionConfiguration.HEADER, this.name + " before");
		return next.handle(request).map(this::after);
	}

	private LiveResponse after(LiveResponse response) {
		response.headers().add(OnionConfiguration.HEADER, this.name + " after");
		return response;
	}

}
