package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.RunsOn;

/**
 * The line of the log at start-up that tells the filter chain.
 */
final class ChainLine {

	/** How many filters the line at start-up names. */
	private static final int LOGGED = 30;

	private ChainLine() {
	}

	static String of(List<ChainEntry> entries) {
		String chain = entries.stream()
			.limit(LOGGED)
			.map((entry) -> entry.name() + " (" + describe(entry.order()) + describeKind(entry) + ")")
			.collect(Collectors.joining(" > "));
		int more = entries.size() - LOGGED;
		return "Filter chain: " + chain + ((more > 0) ? " > and " + more + " more" : "");
	}

	private static String describeKind(ChainEntry entry) {
		if (!(entry instanceof Middleware middleware)) {
			return (entry.measured() != null) ? ", foreign, measured" : ", foreign";
		}
		RunsOn runsOn = middleware.code().runsOn();
		return ((middleware.code().concurrent() != null) ? ", concurrent" : "")
				+ ((runsOn != RunsOn.EVENT_LOOP) ? ", " + runsOn.label() : "");
	}

	private static String describe(int order) {
		return switch (order) {
			case MiddlewareOrder.FIRST -> "first";
			case MiddlewareOrder.LAST -> "last";
			default -> Integer.toString(order);
		};
	}

}
