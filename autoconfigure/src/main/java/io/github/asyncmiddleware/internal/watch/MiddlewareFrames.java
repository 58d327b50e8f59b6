package io.github.asyncmiddleware.internal.watch;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;

import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.server.WebFilter;

/**
 * Recognises the code of middlewares on a stack, by the names of classes: that of a
 * middleware itself, or of one that is written inside it, such as a lambda.
 */
final class MiddlewareFrames {

	/** What runs the rest of the chain; its room depends on this one. */
	private static final String REST = "io.github.asyncmiddleware.internal.run.Segment";

	/** What signals the end of a middleware outwards; as above. */
	private static final String END = "io.github.asyncmiddleware.internal.run.RelayedEnd";

	/** Grows while others read. */
	private final Map<String, List<Middleware>> byClass = new ConcurrentHashMap<>();

	MiddlewareFrames(List<Middleware> middlewares) {
		add(middlewares);
	}

	/**
	 * Recognise more of them from now on.
	 */
	void add(List<Middleware> middlewares) {
		middlewares.forEach((middleware) -> this.byClass
			.computeIfAbsent(middleware.type().getName(), (name) -> new CopyOnWriteArrayList<>())
			.add(middleware));
	}

	/**
	 * The middleware whose code runs. One that has handed over waits, although it can be
	 * on the stack, as can one that has ended.
	 * @param stack a stack, innermost call first
	 * @return the innermost one on the stack, or {@code null} if there is none
	 */
	@Nullable Middleware find(StackTraceElement[] stack) {
		for (StackTraceElement frame : stack) {
			Middleware middleware = find(frame);
			if (middleware != null) {
				return middleware;
			}
			if (frame.getClassName().equals(REST) || frame.getClassName().equals(END)) {
				return null;
			}
		}
		return null;
	}

	/**
	 * Where the code of a middleware is on a stack.
	 * @param stack a stack, innermost call first
	 * @param middleware the middleware, or the same in another place of the chain
	 * @return the index of the innermost frame, or -1
	 */
	int indexOf(StackTraceElement[] stack, Middleware middleware) {
		for (int i = 0; i < stack.length; i++) {
			Middleware found = find(stack[i]);
			if (found != null && found.index() == middleware.index()) {
				return i;
			}
		}
		return -1;
	}

	private @Nullable Middleware find(StackTraceElement frame) {
		String name = frame.getClassName();
		List<Middleware> candidates = this.byClass.get(name);
		boolean nested = false;
		while (candidates == null) {
			int end = name.lastIndexOf('$');
			if (end <= 0) {
				return null;
			}
			name = name.substring(0, end);
			nested = true;
			candidates = this.byClass.get(name);
		}
		if (candidates.size() == 1 && !isLambda(candidates.get(0))) {
			return candidates.get(0);
		}
		return nested ? null : findLambda(candidates, frame.getMethodName());
	}

	/**
	 * A lambda has no class of its own, and the one that it is written in can hold
	 * anything. It is recognised by the method around it, which is that of the bean.
	 */
	private static @Nullable Middleware findLambda(List<Middleware> candidates, String method) {
		for (Middleware candidate : candidates) {
			if (method.startsWith("lambda$" + candidate.name() + "$")) {
				return candidate;
			}
		}
		return null;
	}

	private static boolean isLambda(Middleware middleware) {
		return switch (middleware.code().style()) {
			case NATIVE, FOREIGN -> !WebFilter.class.isAssignableFrom(middleware.type());
			case AWAIT -> !HandlerFilterFunction.class.isAssignableFrom(middleware.type());
			case HOOKS -> false;
		};
	}

}
