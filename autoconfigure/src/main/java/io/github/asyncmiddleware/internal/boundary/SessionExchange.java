package io.github.asyncmiddleware.internal.boundary;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebExchangeDecorator;

/**
 * The exchange as the session manager sees it: it remembers how the session is saved.
 */
final class SessionExchange extends ServerWebExchangeDecorator {

	private final ServerHttpResponse response;

	/** Written by the thread that makes the session, read when hooks have used it. */
	private volatile @Nullable Supplier<? extends Mono<Void>> save;

	SessionExchange(ServerWebExchange exchange) {
		super(exchange);
		this.response = new Response(exchange.getResponse());
	}

	@Override
	public ServerHttpResponse getResponse() {
		return this.response;
	}

	/**
	 * Do what the session manager wants to be done before the head, once more.
	 * @return what to wait for, or {@code null} if that is nothing
	 */
	@Nullable Mono<Void> save() {
		Supplier<? extends Mono<Void>> save = this.save;
		return (save != null) ? Mono.defer(save) : null;
	}

	private final class Response extends ServerHttpResponseDecorator {

		Response(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public void beforeCommit(Supplier<? extends Mono<Void>> action) {
			SessionExchange.this.save = action;
			super.beforeCommit(action);
		}

	}

}
