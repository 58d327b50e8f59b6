package io.github.asyncmiddleware;

import org.springframework.core.Ordered;

/**
 * Names for the places in the filter chain that matter, for
 * {@link AsyncMiddleware#order()}.
 */
public final class MiddlewareOrder {

	/**
	 * In front of everything that does not insist on being first itself. What runs here
	 * sees requests that nothing has checked yet.
	 */
	public static final int FIRST = Ordered.HIGHEST_PRECEDENCE + 1000;

	/**
	 * In front of Spring Security, whose filter chain stands at -100: the request is
	 * neither authenticated nor cleaned by the firewall.
	 */
	public static final int BEFORE_SECURITY = -200;

	/**
	 * Directly behind Spring Security, in front of every middleware of unspecified order.
	 */
	public static final int AFTER_SECURITY = -50;

	/**
	 * Next to the handler, behind filters that name no order themselves.
	 */
	public static final int LAST = Ordered.LOWEST_PRECEDENCE;

	private MiddlewareOrder() {
	}

}
