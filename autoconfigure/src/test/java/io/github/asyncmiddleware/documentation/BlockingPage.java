package io.github.asyncmiddleware.documentation;

import java.time.Duration;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import reactor.core.publisher.Mono;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * The code of {@code docs/blocking.md}.
 */
class BlockingPage {

	interface BlockingClient {

		boolean check(ServerHttpRequest request);

	}

	interface ReactiveClient {

		Mono<Void> check(ServerHttpRequest request);

	}

	class BlocksInPlace {

		@AsyncMiddleware(order = 10)
		class Auth implements WebFilter {

			private final BlockingClient client;

			Auth(BlockingClient client) {
				this.client = client;
			}

			@Override
			public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
				this.client.check(exchange.getRequest());
				return chain.filter(exchange);
			}

		}

	}

	@AsyncMiddleware(order = 10, timeout = "2s")
	class Waits implements WebFilter {

		private final ReactiveClient client;

		Waits(ReactiveClient client) {
			this.client = client;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return this.client.check(exchange.getRequest()).then(Mono.defer(() -> chain.filter(exchange)));
		}

	}

	class BlocksElsewhere {

		@AsyncMiddleware(order = 10)
		class Auth {

			private final BlockingClient client;

			Auth(BlockingClient client) {
				this.client = client;
			}

			@OnRequest
			void check(ServerHttpRequest request) {
				this.client.check(request);
			}

		}

	}

	class WaitsWithoutEnd {

		private final ReactiveClient client;

		WaitsWithoutEnd(ReactiveClient client) {
			this.client = client;
		}

		@OnRequest
		Mono<Void> check(ServerHttpRequest request) {
			return this.client.check(request);
		}

	}

	class WaitsForTwoSeconds {

		private final ReactiveClient client;

		WaitsForTwoSeconds(ReactiveClient client) {
			this.client = client;
		}

		@OnRequest
		Mono<Void> check(ServerHttpRequest request) {
			return this.client.check(request).timeout(Duration.ofSeconds(2));
		}

	}

}
