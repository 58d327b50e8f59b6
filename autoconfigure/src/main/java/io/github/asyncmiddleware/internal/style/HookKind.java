package io.github.asyncmiddleware.internal.style;

import java.lang.annotation.Annotation;
import java.util.List;

import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.response.ResponseCommit;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.ErrorResponse;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * The two kinds of hook methods: what each of them can take and return, besides nothing,
 * and how that is told.
 */
enum HookKind {

	/**
	 * Runs before the rest of the chain, and can decide how the request goes on.
	 */
	REQUEST(OnRequest.class,
			List.of(ServerHttpRequest.class, ServerWebExchange.class, ServerResponse.class, ResponseEntity.class,
					ProblemDetail.class, ErrorResponse.class),
			"HttpHeaders (of the request)", "which is neither a request to go on with nor an answer",
			"Return nothing, ServerHttpRequest, ServerWebExchange, ServerResponse, ResponseEntity, ProblemDetail or"
					+ " another ErrorResponse. Each of them can also come inside a Mono, a CompletionStage or another"
					+ " asynchronous type.") {

		@Override
		Argument.@Nullable Immediate argument(Class<?> type) {
			return (type == HttpHeaders.class) ? (exchange) -> exchange.getRequest().getHeaders() : null;
		}

		@Override
		boolean canReturnAnything(boolean asynchronous) {
			return true;
		}

	},

	/**
	 * Runs right before the head of the response, and has nothing left to decide.
	 */
	RESPONSE(OnResponse.class, List.of(), "HttpHeaders and HttpStatusCode (of the response)", "which would be lost",
			"Return nothing: void, Mono<Void>, CompletionStage<Void> or another asynchronous type of Void. To change"
					+ " the response, take ServerHttpResponse as an argument.") {

		@Override
		Argument.@Nullable Immediate argument(Class<?> type) {
			if (type == HttpStatusCode.class) {
				return HookKind::status;
			}
			return (type == HttpHeaders.class) ? (exchange) -> exchange.getResponse().getHeaders() : null;
		}

		/**
		 * A publisher that is returned as an {@code Object} would never be subscribed to.
		 */
		@Override
		boolean canReturnAnything(boolean asynchronous) {
			return asynchronous;
		}

	};

	private final Class<? extends Annotation> annotation;

	private final List<Class<?>> values;

	private final String ownArguments;

	private final String badReturn;

	private final String goodReturn;

	HookKind(Class<? extends Annotation> annotation, List<Class<?>> values, String ownArguments, String badReturn,
			String goodReturn) {
		this.annotation = annotation;
		this.values = values;
		this.ownArguments = ownArguments;
		this.badReturn = badReturn;
		this.goodReturn = goodReturn;
	}

	/**
	 * An argument that means something else for each of the kinds.
	 * @param type the type of the parameter
	 * @return the argument, or {@code null} if there is none of that type
	 */
	abstract Argument.@Nullable Immediate argument(Class<?> type);

	/**
	 * Whether a value can be of a type that is known only when it is there.
	 * @param asynchronous whether it comes inside of an asynchronous type
	 * @return whether it can
	 */
	abstract boolean canReturnAnything(boolean asynchronous);

	/**
	 * Whether a value of a type can be returned.
	 * @param type the type
	 * @return whether something follows from the value
	 */
	boolean canReturn(Class<?> type) {
		return this.values.stream().anyMatch((value) -> value.isAssignableFrom(type));
	}

	Class<? extends Annotation> annotation() {
		return this.annotation;
	}

	/**
	 * The types that {@link #argument} knows, for people.
	 */
	String ownArguments() {
		return this.ownArguments;
	}

	/**
	 * What is wrong with a type that cannot be returned, for people.
	 */
	String badReturn() {
		return this.badReturn;
	}

	/**
	 * What can be returned, for people.
	 */
	String goodReturn() {
		return this.goodReturn;
	}

	/**
	 * How the annotation is written.
	 */
	@Override
	public String toString() {
		return "@" + this.annotation.getSimpleName();
	}

	/**
	 * The status that the client gets: also 101, which the server sets later. A response
	 * without a status is sent with 200.
	 */
	private static HttpStatusCode status(ServerWebExchange exchange) {
		ResponseCommit commit = ResponseCommit.of(exchange);
		if (commit != null) {
			return commit.awaited().statusCode();
		}
		HttpStatusCode status = exchange.getResponse().getStatusCode();
		return (status != null) ? status : HttpStatus.OK;
	}

}
