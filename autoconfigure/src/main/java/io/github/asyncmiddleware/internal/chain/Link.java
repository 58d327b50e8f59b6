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

	final MisuseGuard guard;

	/** The scope to ask, or {@code null} where there is nothing to ask. */
	private final @Nullable MiddlewareScope scope;

	private final @Nullable Link next;

	private Link(@Nullable Middleware middleware, @Nullable Link next, WebHandler rest, MisuseGuard guard) {
		this.middleware = middleware;
		this.scope = (middleware != null && !middleware.scope().isAll()) ? middleware.scope() : null;
		this.next = next;
		this.rest = rest;
		this.guard = guard;
	}

	static Link leadingTo(WebHandler rest, MisuseGuard guard) {
		return new Link(null, null, rest, guard);
	}

	Link precededBy(Middleware middleware) {
		return new Link(middleware, this, this.rest, this.guard);
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
