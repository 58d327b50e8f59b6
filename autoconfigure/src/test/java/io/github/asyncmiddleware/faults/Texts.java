package io.github.asyncmiddleware.faults;

import java.nio.charset.StandardCharsets;

import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;

/**
 * Answers that are written by hand.
 */
final class Texts {

	private Texts() {
	}

	/**
	 * Write a text, and say nothing about its length.
	 */
	static Mono<Void> write(ServerWebExchange exchange, String text) {
		return exchange.getResponse()
			.writeWith(Mono.fromSupplier(
					() -> exchange.getResponse().bufferFactory().wrap(text.getBytes(StandardCharsets.UTF_8))));
	}

	/**
	 * Answer with a status and a text, when subscribed to.
	 */
	static Mono<Void> answer(ServerWebExchange exchange, int status, String text) {
		return Mono.defer(() -> {
			exchange.getResponse().setStatusCode(HttpStatusCode.valueOf(status));
			return write(exchange, text);
		});
	}

	/**
	 * The last part of the path of a request.
	 */
	static String lastOf(ServerWebExchange exchange) {
		return part(exchange, -1);
	}

	/**
	 * The part of the path of a request that has a number; negative ones count from the
	 * end.
	 */
	static String part(ServerWebExchange exchange, int index) {
		String[] parts = exchange.getRequest().getPath().value().substring(1).split("/");
		return parts[(index < 0) ? parts.length + index : index];
	}

}
