package io.github.asyncmiddleware.sample.middleware;

import java.time.Clock;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Answers by itself, without calling {@code next}, when there are more requests in a
 * second than the header {@code X-Demo-Limit} allows.
 */
@AsyncMiddleware(order = MiddlewareOrder.BEFORE_SECURITY, excludePath = "/")
class RateLimit implements HandlerFilterFunction<ServerResponse, ServerResponse> {

	private final AtomicReference<Window> window = new AtomicReference<>(new Window(0, 0));

	private final Clock clock = Clock.systemUTC();

	@Override
	public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<ServerResponse> next) {
		String limit = request.headers().firstHeader("X-Demo-Limit");
		return allows(limit) ? next.handle(request) : refuse();
	}

	private static Mono<ServerResponse> refuse() {
		return ServerResponse.status(HttpStatus.TOO_MANY_REQUESTS).header(HttpHeaders.RETRY_AFTER, "1").build();
	}

	private boolean allows(@Nullable String limit) {
		if (limit == null || !limit.matches("\\d{1,6}")) {
			return true;
		}
		long second = this.clock.instant().getEpochSecond();
		return this.window.updateAndGet((window) -> window.next(second)).count() <= Integer.parseInt(limit);
	}

	/**
	 * The requests of one second.
	 *
	 * @param second the second
	 * @param count how many there were
	 */
	private record Window(long second, int count) {

		private Window next(long now) {
			return new Window(now, (now == this.second) ? this.count + 1 : 1);
		}

	}

}
