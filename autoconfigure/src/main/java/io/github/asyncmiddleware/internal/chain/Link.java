package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * A place in a segment: knows the middleware that stands there and what comes next. Made
 * once, when the chain is built. The place behind the last middleware is empty and leads
 * out of the segment.
 */
final class Link {

	final @Nullable Middleware middleware;

	final WebHandler rest;

	final Guards guards;

	/**
	 * Whether the middleware does something before the head, see {@link RequestTimeline}.
	 */
	final int hooks;

	/** The scope to ask, or {@code null} where there is nothing to ask. */
	private final @Nullable MiddlewareScope scope;

	private final @Nullable Link next;

	private Link(@Nullable Middleware middleware, @Nullable Link next, WebHandler rest, Guards guards) {
		this.middleware = middleware;
		this.scope = (middleware != null && !middleware.scope().isAll()) ? middleware.scope() : null;
		this.hooks = hooks(middleware);
		this.next = next;
		this.rest = rest;
		this.guards = guards;
	}

	private static int hooks(@Nullable Middleware middleware) {
		ResponseHook hook = (middleware != null) ? middleware.code().onResponse() : null;
		if (hook == null) {
			return RequestTimeline.NO_HOOKS;
		}
		return hook.isSynchronous() ? RequestTimeline.HOOKS : RequestTimeline.HOOKS | RequestTimeline.WAITING_HOOKS;
	}

	static Link leadingTo(WebHandler rest, Guards guards) {
		return new Link(null, null, rest, guards);
	}

	Link precededBy(Middleware middleware) {
		return new Link(middleware, this, this.rest, this.guards);
	}

	/**
	 * The next place that has something to do for the exchange, this one included.
	 */
	Link skipTo(ServerWebExchange exchange) {
		Link link = this;
		while (link.scope != null && !link.scope.includes(exchange.getRequest())) {
			link = link.next();
		}
		return link;
	}

	/**
	 * The place after one where a middleware stands.
	 */
	Link next() {
		Link next = this.next;
		Assert.state(next != null, "Nothing comes after the end of a segment");
		return next;
	}

}
