package io.github.asyncmiddleware.metrics;

import java.util.EnumSet;
import java.util.Set;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;

/**
 * The results of a middleware whose series begin at 0: the usual one, and those of
 * requests that went on without it, as far as that can happen. An alert on the first time
 * needs the 0 before it, and going on without an authentication is worth one.
 */
final class CommonResults {

	private CommonResults() {
	}

	static Set<MiddlewareResult> of(Middleware middleware) {
		Set<MiddlewareResult> results = EnumSet.of(MiddlewareResult.PASSED);
		ResponseHook onResponse = middleware.code().onResponse();
		boolean skips = middleware.isOptional();
		// The response goes out without a hook that fails, whatever onFailure says
		if (skips || onResponse != null) {
			results.add(MiddlewareResult.FAILED_OPEN);
			if (middleware.timeout() != null) {
				results.add(MiddlewareResult.TIMEOUT_OPEN);
			}
		}
		boolean mayBlock = skips && middleware.code().runsOn() != RunsOn.EVENT_LOOP;
		if (mayBlock || (onResponse != null && onResponse.mayBlock())) {
			results.add(MiddlewareResult.SHED_OPEN);
		}
		return results;
	}

}
