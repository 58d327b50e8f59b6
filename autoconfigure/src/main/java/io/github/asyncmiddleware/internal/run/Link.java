package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.StepObserver;
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

	/** Whether the segment is one of foreign filters, which do what they like. */
	final boolean foreign;

	/** Whether the middleware does something before the head. */
	final boolean hooked;

	/** Whether the request may have to go on as if the middleware were absent. */
	final boolean discardable;

	/** Observes the parts of the middleware, if something does. */
	final @Nullable StepObserver observer;

	/** How much time the middleware has for itself, in nanoseconds; 0 for no end. */
	final long timeout;

	/** The scope to ask, or {@code null} where there is nothing to ask. */
	private final @Nullable MiddlewareScope scope;

	private final @Nullable Link next;

	/** A group is at work here, whose members have places of their own. */
	private final boolean group;

	private Link(@Nullable Middleware middleware, boolean foreign, boolean group, @Nullable Link next, WebHandler rest,
			Guards guards) {
		this.foreign = foreign;
		this.middleware = middleware;
		this.group = group;
		this.scope = (middleware != null && !middleware.scope().isAll()) ? middleware.scope() : null;
		this.hooked = middleware != null && middleware.code().onResponse() != null;
		this.timeout = (middleware != null && middleware.timeout() != null) ? middleware.timeout().toNanos() : 0;
		this.discardable = middleware != null && !group
				&& (this.timeout > 0 || middleware.onFailure() == OnFailure.SKIP);
		this.next = next;
		this.rest = rest;
		this.guards = guards;
		this.observer = group ? null : guards.observer();
	}

	static Link leadingTo(WebHandler rest, boolean foreign, Guards guards) {
		return new Link(null, foreign, false, null, rest, guards);
	}

	Link precededBy(Middleware middleware) {
		return new Link(middleware, this.foreign, false, this, this.rest, this.guards);
	}

	Link precededBy(List<Middleware> group) {
		ConcurrentGroup filter = new ConcurrentGroup(group.stream().map(this::precededBy).toList());
		Middleware all = new Middleware(-1, filter.toString(), ConcurrentGroup.class, group.get(0).order(),
				MiddlewareScope.ALL, filter);
		return new Link(all, false, true, this, this.rest, this.guards);
	}

	/**
	 * The middleware that people know this place by: of a group, the first.
	 */
	@Nullable Middleware named() {
		return (this.middleware != null && this.middleware.filter() instanceof ConcurrentGroup all) ? all.first()
				: this.middleware;
	}

	/**
	 * Whether a group is at work here.
	 */
	boolean isGroup() {
		return this.group;
	}

	/**
	 * Whether the middleware has something to do for the exchange.
	 */
	boolean appliesTo(ServerWebExchange exchange) {
		return this.scope == null || this.scope.includes(exchange.getRequest());
	}

	/**
	 * The next place that has something to do for the exchange, this one included.
	 */
	Link skipTo(ServerWebExchange exchange) {
		Link link = this;
		while (!link.appliesTo(exchange)) {
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
