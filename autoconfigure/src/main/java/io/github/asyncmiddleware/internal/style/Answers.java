package io.github.asyncmiddleware.internal.style;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.util.Assert;
import org.springframework.web.ErrorResponse;
import org.springframework.web.reactive.HandlerResult;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityResultHandler;
import org.springframework.web.server.WebHandler;

/**
 * Turns what a hook method has returned into the answer, which is written as that of a
 * handler function or of a controller would be.
 */
public final class Answers {

	private final Supplier<ServerResponse.Context> context;

	private final Supplier<@Nullable ResponseEntityResultHandler> entities;

	/**
	 * Create an instance.
	 * @param context how a {@link ServerResponse} is written; asked for each of them
	 * @param entities the handler that writes everything else, if there is one; asked for
	 * each answer
	 */
	public Answers(Supplier<ServerResponse.Context> context, Supplier<@Nullable ResponseEntityResultHandler> entities) {
		Assert.notNull(context, "'context' must not be null");
		Assert.notNull(entities, "'entities' must not be null");
		this.context = context;
		this.entities = entities;
	}

	/**
	 * The answer that a value is.
	 * @param value what the method has returned, or what has come inside of that
	 * @param hook the method
	 * @return writes the answer to an exchange; the response is left alone until then
	 * @throws IllegalStateException if the value is no answer
	 */
	WebHandler answer(Object value, HookMethod hook) {
		if (value instanceof ServerResponse response) {
			return (exchange) -> response.writeTo(exchange, this.context.get());
		}
		if (value instanceof ResponseEntity || value instanceof ProblemDetail || value instanceof ErrorResponse) {
			HandlerResult result = new HandlerResult(hook, hook.asynchronous() ? Mono.just(value) : value,
					hook.returnType());
			return (exchange) -> entities().handleResult(exchange, result);
		}
		throw hook.badReturn("a " + value.getClass().getName()
				+ ", which is neither a request to go on with nor an answer: it has to be a ServerHttpRequest,"
				+ " ServerWebExchange, ServerResponse, ResponseEntity, ProblemDetail or ErrorResponse");
	}

	private ResponseEntityResultHandler entities() {
		ResponseEntityResultHandler entities = this.entities.get();
		Assert.state(entities != null, "There is no ResponseEntityResultHandler to write the answer of a hook");
		return entities;
	}

}
