package io.github.asyncmiddleware.wire;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.test.util.ReflectionTestUtils;

/**
 * Requests that a servlet container has ended without a word to the application: Spring
 * holds their body, written in part or not at all, and tells neither its end nor an
 * error, since the container has neither called for more nor failed. Nothing that an
 * application does can end such a request.
 */
final class LostEnds {

	private final Map<ServerHttpRequest, ServerHttpResponse> open = new ConcurrentHashMap<>();

	/**
	 * Follow the requests of a handler, from outside of everything else.
	 */
	HttpHandler follow(HttpHandler handler) {
		return (request, response) -> {
			this.open.put(request, response);
			return handler.handle(request, response).doFinally((signal) -> this.open.remove(request));
		};
	}

	/**
	 * How many requests have not ended so far.
	 */
	int open() {
		return this.open.size();
	}

	/**
	 * Those that will never end.
	 */
	List<ServerHttpRequest> requests() {
		return this.open.entrySet()
			.stream()
			.filter((entry) -> isOver(entry.getKey()) && isBeingWritten(entry.getValue()))
			.map(Map.Entry::getKey)
			.toList();
	}

	/**
	 * Whether the container has taken the request back, for use by another one.
	 */
	private static boolean isOver(ServerHttpRequest request) {
		Object container = ReflectionTestUtils.getField(request, "request");
		try {
			return container instanceof HttpServletRequest servlet && servlet.getMethod() == null;
		}
		catch (IllegalStateException ex) {
			return true;
		}
	}

	/**
	 * Whether Spring was given a body and has not told how it has ended.
	 */
	private static boolean isBeingWritten(ServerHttpResponse response) {
		ServerHttpResponse server = response;
		while (server instanceof ServerHttpResponseDecorator decorator) {
			server = decorator.getDelegate();
		}
		Object write = field(server, "bodyFlushProcessor");
		return "SUBSCRIBED".equals(String.valueOf(field(field(write, "resultPublisher"), "state")));
	}

	private static @Nullable Object field(@Nullable Object object, String name) {
		return (object != null) ? ReflectionTestUtils.getField(object, name) : null;
	}

}
