package io.github.asyncmiddleware.test.howto;

import java.util.function.Consumer;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Writes a line when the whole response was sent, or was not.
 */
@AsyncMiddleware(order = MiddlewareOrder.FIRST)
class AccessLog implements WebFilter {

	private final Consumer<String> log;

	AccessLog(Consumer<String> log) {
		this.log = log;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return chain.filter(exchange).doFinally((signal) -> this.log.accept(line(exchange, signal)));
	}

	private static String line(ServerWebExchange exchange, SignalType signal) {
		return exchange.getRequest().getMethod() + " " + exchange.getRequest().getPath() + " " + switch (signal) {
			case ON_COMPLETE -> exchange.getResponse().getStatusCode();
			case CANCEL -> "the client has left";
			default -> "failed";
		};
	}

}
