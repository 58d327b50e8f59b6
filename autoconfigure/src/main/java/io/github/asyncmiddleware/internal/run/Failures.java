package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.RequestWork;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * Turns what user code throws into error signals.
 * <p>
 * Reactor rethrows {@link LinkageError}s, and the server then closes the connection
 * without an answer; here they become an ordinary error, which is answered with a 500.
 * {@link VirtualMachineError}s are left alone.
 */
final class Failures {

	private Failures() {
	}

	/**
	 * Call a middleware.
	 * @param middleware the middleware
	 * @param exchange the exchange
	 * @param step its part in the request
	 * @return what it returns, or an error signal for what it throws
	 */
	static Mono<Void> guard(Middleware middleware, ServerWebExchange exchange, Step step) {
		try {
			Mono<Void> result = middleware.filter().filter(exchange, step);
			if (result != null) {
				return result;
			}
			if (step.link().foreign) {
				return failed(new NullPointerException("A filter returned null instead of a Mono"),
						middleware.toString());
			}
			step.returnedNull();
			return Mono.error(new MisuseException("A middleware returned null instead of a Mono", middleware.place()));
		}
		catch (VirtualMachineError ex) {
			Verdict.failed(step, ex);
			throw ex;
		}
		catch (Throwable ex) {
			rethrowAsSpring(ex, step.link());
			return failed(ex, middleware.toString());
		}
	}

	/**
	 * Call a middleware that is at work together with others.
	 * @param step its part in the request
	 * @param exchange the exchange
	 * @return what to wait for, or an error signal for what it throws
	 */
	static Mono<WebHandler> guard(Step step, ServerWebExchange exchange) {
		try {
			RequestWork work = step.middleware().code().concurrent();
			Mono<WebHandler> result = (work != null) ? work.begin(exchange, step.context(), step) : null;
			if (result != null) {
				return result;
			}
			step.returnedNull();
			return Mono.error(new MisuseException("A middleware returned null instead of a publisher",
					step.middleware().place()));
		}
		catch (VirtualMachineError ex) {
			Verdict.failed(step, ex);
			throw ex;
		}
		catch (Throwable ex) {
			return Mono.<WebHandler>error(signalOf(ex)).checkpoint(step.middleware().toString());
		}
	}

	/**
	 * Call what comes after the middlewares.
	 * @param end the end of their segment
	 * @param exchange the exchange
	 * @return what it returns, or an error signal for what it throws
	 */
	static Mono<Void> guard(Link end, ServerWebExchange exchange) {
		try {
			return end.rest.handle(exchange);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			rethrowAsSpring(ex, end);
			return failed(ex, "handler");
		}
	}

	/**
	 * The chain of Spring lets errors through that Reactor takes for fatal, and foreign
	 * filters have to find that unchanged.
	 */
	private static void rethrowAsSpring(Throwable ex, Link link) {
		if (link.foreign) {
			Exceptions.throwIfFatal(ex);
		}
	}

	/**
	 * Call what answers in place of the rest of the chain.
	 * @param answer the handler that answers
	 * @param exchange the exchange
	 * @return what it returns, or an error signal for what it throws
	 */
	static Mono<Void> guard(WebHandler answer, ServerWebExchange exchange) {
		try {
			return answer.handle(exchange);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			return failed(ex, "handler");
		}
	}

	/**
	 * The error to signal for something that was thrown.
	 * @param ex what was thrown
	 * @return the same, unless Reactor would not let it through as a signal
	 */
	static Throwable signalOf(Throwable ex) {
		return (ex instanceof LinkageError) ? new IllegalStateException("Linkage failed: " + ex, ex) : ex;
	}

	/**
	 * As the chain of Spring does for each filter, names the place in the stack trace; in
	 * contrast to it, only when there is one.
	 */
	private static Mono<Void> failed(Throwable ex, String place) {
		return Mono.<Void>error(signalOf(ex)).checkpoint(place);
	}

}
