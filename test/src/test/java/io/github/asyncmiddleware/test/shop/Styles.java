package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * The same middleware in each of the three styles.
 */
interface Styles {

	@AsyncMiddleware
	class StatusHook {

		@OnResponse
		void stamp(HttpStatusCode status, HttpHeaders headers) {
			if (status == HttpStatus.OK) {
				headers.set("X-Status", "OK");
			}
		}

	}

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

	@AsyncMiddleware
	class StatusFilter implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			ServerHttpResponse response = exchange.getResponse();
			response.beforeCommit(() -> Mono.fromRunnable(() -> {
				if (response.getStatusCode() == HttpStatus.OK) {
					response.getHeaders().set("X-Status", "OK");
				}
			}));
			return chain.filter(exchange);
		}

	}

}
