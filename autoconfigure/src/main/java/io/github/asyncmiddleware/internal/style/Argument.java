package io.github.asyncmiddleware.internal.style;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * Where one argument of a hook method comes from.
 */
sealed interface Argument {

	/**
	 * An argument that is there when it is asked for.
	 */
	@FunctionalInterface
	non-sealed interface Immediate extends Argument {

		/**
		 * The value for one call.
		 * @param exchange the exchange
		 * @return the value
		 * @throws Throwable if there is none that the method could take
		 */
		@Nullable Object of(ServerWebExchange exchange) throws Throwable;

	}

	/**
	 * An argument that has to be waited for.
	 */
	@FunctionalInterface
	non-sealed interface Deferred extends Argument {

		/**
		 * The value for one call.
		 * @param exchange the exchange
		 * @return the value, or empty for {@code null}
		 */
		Mono<Object> of(ServerWebExchange exchange);

	}

}
