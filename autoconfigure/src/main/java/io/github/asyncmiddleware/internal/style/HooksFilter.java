package io.github.asyncmiddleware.internal.style;

import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.run.Step;
import org.jspecify.annotations.Nullable;
import reactor.core.Fuseable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

/**
 * Runs a middleware that is written as methods of a bean: one before the rest of the
 * chain, one before the head of the response, or both.
 * <p>
 * Where there is nothing to wait for, the rest of the chain is not wrapped in anything.
 */
public final class HooksFilter implements WebFilter {

	private static final Object NOTHING = new Object();

	private final @Nullable HookRun onRequest;

	private final @Nullable ResponseHookRun onResponse;

	private final Answers answers;

	HooksFilter(@Nullable HookRun onRequest, @Nullable ResponseHookRun onResponse, Answers answers) {
		this.onRequest = onRequest;
		this.onResponse = onResponse;
		this.answers = answers;
	}

	/**
	 * The code of the middleware.
	 * @param concurrent whether its part before the rest of the chain can be at work
	 * together with others
	 * @param offloaded where blocking methods run
	 * @return this filter as code
	 */
	MiddlewareCode toCode(boolean concurrent, RunsOn offloaded) {
		RunsOn runsOn = (this.onRequest != null && this.onRequest.isOffloaded()) ? offloaded : RunsOn.EVENT_LOOP;
		return new MiddlewareCode(Style.HOOKS, runsOn, this, concurrent ? this::begin : null, this.onResponse);
	}

	/**
	 * Whether one of the methods runs on another thread.
	 * @return {@code true} if it can block
	 */
	public boolean isOffloaded() {
		return (this.onRequest != null && this.onRequest.isOffloaded())
				|| (this.onResponse != null && this.onResponse.isOffloaded());
	}

	@Override
	// Null is what a method returns that should return a publisher
	@SuppressWarnings({ "NullAway", "DataFlowIssue" })
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		Step step = (chain instanceof Step candidate && candidate.isObserved()) ? candidate : null;
		Beginning beginning = beginning(exchange, step);
		HookRun onRequest = this.onRequest;
		if (onRequest == null) {
			if (beginning != null) {
				beginning.begun();
			}
			return chain.filter(exchange);
		}
		StatusMark mark = StatusMark.of(exchange, step);
		try {
			@Nullable Mono<?> values = onRequest.start(exchange, context(step),
					(value) -> goesOnOffloaded(value, exchange, step, mark), step, beginning);
			if (values instanceof Fuseable.ScalarCallable<?> scalar) {
				return decide(scalar.call(), exchange, chain, mark);
			}
			return (values != null) ? values.<Object>map((value) -> value)
				.defaultIfEmpty(NOTHING)
				.flatMap((value) -> decide((value != NOTHING) ? value : null, exchange, chain, mark)) : null;
		}
		catch (RuntimeException | Error ex) {
			throw ex;
		}
		catch (Throwable ex) {
			return Mono.error(ex);
		}
	}

	/**
	 * What is to be told when the code is called. The engine runs the part before the
	 * head; where it does not run the middleware, the response has to.
	 */
	private @Nullable Beginning beginning(ServerWebExchange exchange, @Nullable Step step) {
		if (step != null) {
			return step;
		}
		return (this.onResponse != null) ? this.onResponse.registeredOnBeginning(exchange) : null;
	}

	private static ContextView context(@Nullable Step step) {
		return (step != null) ? step.context() : Context.empty();
	}

	private Mono<Void> decide(@Nullable Object value, ServerWebExchange exchange, WebFilterChain chain,
			StatusMark mark) {
		if (chain instanceof Step step && step.isGivenUp()) {
			// It has not noticed that it was cancelled
			return Mono.empty();
		}
		if (value == null) {
			return mark.isTouched() ? Mono.empty() : chain.filter(exchange);
		}
		ServerWebExchange next = nextExchange(value, exchange);
		if (next != null) {
			return chain.filter(next);
		}
		WebHandler answer = answer(value);
		return (chain instanceof Step step) ? step.run().answer(answer, exchange) : answer.handle(exchange);
	}

	private static @Nullable ServerWebExchange nextExchange(Object value, ServerWebExchange exchange) {
		if (value instanceof ServerWebExchange next) {
			return next;
		}
		if (value instanceof ServerHttpRequest request) {
			return (request != exchange.getRequest()) ? exchange.mutate().request(request).build() : exchange;
		}
		return null;
	}

	private WebHandler answer(Object value) {
		HookRun onRequest = this.onRequest;
		if (onRequest == null) {
			throw new IllegalStateException("There is no method that could answer");
		}
		return this.answers.answer(value, onRequest.method());
	}

	/**
	 * Whether the next middleware can follow on the thread that this one blocks.
	 */
	private static boolean goesOnOffloaded(@Nullable Object value, ServerWebExchange exchange, @Nullable Step step,
			StatusMark mark) {
		if (step == null || (value == null && mark.isTouched())) {
			return false;
		}
		ServerWebExchange next = (value != null) ? nextExchange(value, exchange) : exchange;
		return next != null && step.isFollowedByOffloaded(next);
	}

	/**
	 * The part before the rest of the chain as one of several that are at work at the
	 * same time.
	 */
	@SuppressWarnings({ "NullAway", "DataFlowIssue" })
	private Mono<WebHandler> begin(ServerWebExchange exchange, ContextView context, Beginning beginning) {
		HookRun onRequest = this.onRequest;
		if (onRequest == null) {
			return Mono.empty();
		}
		try {
			Step observed = (beginning instanceof Step step && step.isObserved()) ? step : null;
			@Nullable Mono<?> values = onRequest.start(exchange, context, (value) -> false, null, beginning(exchange, observed));
			if (values instanceof Fuseable.ScalarCallable<?> scalar) {
				Object value = scalar.call();
				return (value != null) ? Mono.just(answerAmongOthers(value, onRequest.method())) : Mono.empty();
			}
			return (values != null) ? values.map((value) -> answerAmongOthers(value, onRequest.method())) : null;
		}
		catch (RuntimeException | Error ex) {
			throw ex;
		}
		catch (Throwable ex) {
			return Mono.error(ex);
		}
	}

	private WebHandler answerAmongOthers(Object value, HookMethod method) {
		if (value instanceof ServerWebExchange || value instanceof ServerHttpRequest) {
			throw method.badReturn(
					"a request to go on with, but is concurrent: those that run at the same time would not see it");
		}
		return this.answers.answer(value, method);
	}

	@Override
	public String toString() {
		return (this.onRequest != null) ? this.onRequest.toString() : String.valueOf(this.onResponse);
	}

}
