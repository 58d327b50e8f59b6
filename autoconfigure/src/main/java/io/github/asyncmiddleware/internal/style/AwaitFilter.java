package io.github.asyncmiddleware.internal.style;

import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.codec.HttpMessageReader;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Runs a middleware that is written as a {@link HandlerFilterFunction}.
 * <p>
 * A function that returns what {@code next.handle(request)} gives it costs nothing more
 * than a filter that returns what {@code chain.filter(exchange)} gives it.
 */
public final class AwaitFilter implements WebFilter {

	private final HandlerFilterFunction<LiveResponse, ServerResponse> function;

	private final Supplier<List<HttpMessageReader<?>>> readers;

	private final Supplier<ServerResponse.Context> context;

	/**
	 * Create a filter.
	 * @param function the middleware; one for {@link LiveResponse} or one for any
	 * response
	 * @param readers supplies what reads the body of a request
	 * @param context supplies what writes a response that the middleware makes
	 */
	@SuppressWarnings("unchecked")
	public AwaitFilter(HandlerFilterFunction<?, ?> function, Supplier<List<HttpMessageReader<?>>> readers,
			Supplier<ServerResponse.Context> context) {
		this.function = (HandlerFilterFunction<LiveResponse, ServerResponse>) function;
		this.readers = readers;
		this.context = context;
	}

	/**
	 * The code of the middleware.
	 * @return this filter as code
	 */
	public MiddlewareCode toCode() {
		return new MiddlewareCode(Style.AWAIT, RunsOn.EVENT_LOOP, this, null, null);
	}

	@Override
	// Null is what a function returns that is not finished
	@SuppressWarnings({ "NullAway", "DataFlowIssue" })
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		RequestRun request = (chain instanceof Step step) ? step.run() : RequestRun.of(exchange);
		ServerWebExchange gated = ResponseFace.on(exchange, request);
		AwaitRun run = new AwaitRun(this, gated, chain);
		@Nullable Mono<ServerResponse> response = null;
		try {
			response = this.function.filter(AwaitRequest.of(gated, run.commit.awaited(), this.readers), run);
			return (response != null) ? run.answeredWith(response) : null;
		}
		finally {
			if (response == null) {
				run.unanswered();
			}
		}
	}

	ServerResponse.Context responseContext() {
		return this.context.get();
	}

	@Override
	public String toString() {
		return this.function.toString();
	}

}
