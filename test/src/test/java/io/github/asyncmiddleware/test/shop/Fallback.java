package io.github.asyncmiddleware.test.shop;

import java.util.concurrent.TimeoutException;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Answers in place of a handler that is out of time.
 */
@AsyncMiddleware
class Fallback implements HandlerFilterFunction<LiveResponse, ServerResponse> {

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).cast(ServerResponse.class).onErrorResume(TimeoutException.class, (ex) -> busy());
	}

	private static Mono<ServerResponse> busy() {
		return ServerResponse.status(HttpStatus.SERVICE_UNAVAILABLE).header(HttpHeaders.RETRY_AFTER, "5").build();
	}

}
