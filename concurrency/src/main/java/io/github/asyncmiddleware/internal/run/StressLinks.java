package io.github.asyncmiddleware.internal.run;

import java.time.Duration;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.concurrency.Signals;
import io.github.asyncmiddleware.concurrency.StressRequest;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Places in a chain, and the parts of the middlewares that stand there.
 */
final class StressLinks {

	/** Steps in at every misuse. */
	static final MisuseGuard STRICT = (middleware, misuse, request) -> true;

	private StressLinks() {
	}

	static Guards guards(MisuseGuard misuse, Deadlines deadlines) {
		return new Guards(misuse, FailureLog.NONE, deadlines, ThreadActivities.NONE);
	}

	static Middleware middleware(int index, OnFailure onFailure, @Nullable Duration timeout, MiddlewareCode code) {
		return new Middleware(index, "m" + index, StressLinks.class, index, MiddlewareScope.ALL, onFailure, timeout,
				code);
	}

	/**
	 * A place in front of the handler.
	 */
	static Link link(MisuseGuard misuse, OnFailure onFailure) {
		MiddlewareCode code = MiddlewareCode.of((exchange, chain) -> chain.filter(exchange));
		return Link.leadingTo((exchange) -> Mono.empty(), false, guards(misuse, Deadlines.NONE))
			.precededBy(middleware(0, onFailure, null, code));
	}

	/**
	 * The part of the middleware at a place in a request.
	 */
	static Step step(Link link, StressRequest request) {
		return new Step(link, request.run(), request.exchange(), new Signals());
	}

}
